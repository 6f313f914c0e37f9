//! Random histories: what a test does with a store, said without knowing the versions and offsets that will come.

use heptad_core::store::{Batch, Expect, KeyRange, Offset, Page, Producer, Value, Version};
use proptest::prelude::*;

use super::{key, model::Model, stream};

#[derive(Clone, Debug)]
pub(super) enum Step {
    Commit(Vec<Plan>),
    Scan(KeyRange, Page),
    /// Stream, after, limit.
    Read(&'static str, u64, usize),
    Reopen,
}

#[derive(Clone, Debug)]
pub(super) enum Plan {
    Put(&'static str, &'static str, Value, Wish),
    Delete(&'static str, &'static str, Wish),
    Require(&'static str, &'static str, Wish),
    Append(&'static str, Vec<Value>, Option<(&'static str, u64, u64)>),
    Trim(&'static str, u64),
}

/// An [`Expect`] whose version is known only when its turn has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    Any,
    Absent,
    Present,
    /// The version that is there.
    Current,
    /// A version that is not there.
    Stale,
}

impl Model {
    /// The batch of these plans, now.
    pub(super) fn batch(&self, plans: &[Plan]) -> Batch {
        let mut batch = Batch::new();
        let expect =
            |collection: &str, id: &str, wish| match (wish, self.version(&format!("{collection}/{id}"))) {
                (Wish::Any, _) => Expect::Any,
                (Wish::Absent, _) => Expect::Absent,
                (Wish::Present, _) => Expect::Present,
                (Wish::Current, Some(version)) => Expect::Exactly(version),
                (Wish::Current, None) => Expect::Absent,
                (Wish::Stale, Some(version)) => Expect::Exactly(Version(version.0 + 1)),
                (Wish::Stale, None) => Expect::Exactly(Version(1)),
            };
        for plan in plans {
            match plan {
                Plan::Put(c, id, value, wish) => {
                    batch.put_if(key(c, id), value.clone(), expect(c, id, *wish))
                }
                Plan::Delete(c, id, wish) => batch.delete_if(key(c, id), expect(c, id, *wish)),
                Plan::Require(c, id, wish) => batch.require(key(c, id), expect(c, id, *wish)),
                Plan::Append(name, values, None) => batch.append(stream(name), values.clone()),
                Plan::Append(name, values, Some((id, epoch, sequence))) => {
                    let producer = Producer { id: (*id).into(), epoch: *epoch, sequence: *sequence };
                    batch.append_once(stream(name), values.clone(), producer)
                }
                Plan::Trim(name, upto) => batch.trim(stream(name), Offset(*upto)),
            };
        }
        batch
    }
}

pub(super) fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => proptest::collection::vec(plan(), 0..6).prop_map(|plans| Step::Commit(change_keys_once(plans))),
        2 => (range(), 0..8_usize, any::<bool>())
            .prop_map(|(range, limit, reverse)| Step::Scan(range, Page { limit, reverse })),
        2 => (name(), 0..40_u64, prop_oneof![0..6_usize, Just(usize::MAX)])
            .prop_map(|(name, after, limit)| Step::Read(name, after, limit)),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..60)
}

fn plan() -> impl Strategy<Value = Plan> {
    let record = || (collection(), id());
    prop_oneof![
        4 => (record(), value(), wish()).prop_map(|((c, id), value, wish)| Plan::Put(c, id, value, wish)),
        2 => (record(), wish()).prop_map(|((c, id), wish)| Plan::Delete(c, id, wish)),
        1 => (record(), wish()).prop_map(|((c, id), wish)| Plan::Require(c, id, wish)),
        3 => (name(), values()).prop_map(|(name, values)| Plan::Append(name, values, None)),
        2 => (name(), values(), prop_oneof![Just("p"), Just("q")], 0..2_u64, 1..4_u64)
            .prop_map(|(name, values, id, epoch, sequence)| Plan::Append(name, values, Some((id, epoch, sequence)))),
        1 => (name(), 0..30_u64).prop_map(|(name, upto)| Plan::Trim(name, upto)),
    ]
}

/// A batch changes a key at most once: later changes of the same key are left out.
fn change_keys_once(mut plans: Vec<Plan>) -> Vec<Plan> {
    let mut seen = Vec::new();
    plans.retain(|plan| match plan {
        Plan::Put(c, id, ..) | Plan::Delete(c, id, _) => {
            let new = !seen.contains(&(*c, *id));
            seen.push((*c, *id));
            new
        }
        _ => true,
    });
    plans
}

fn collection() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("a"), 1 => Just("b")]
}

fn id() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["1", "10", "2", "Z", "a", "ab", "ä", "\u{FFFD}", "\u{10000}"])
}

fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("s"), 1 => Just("t")]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..100_u32).prop_map(|n| Value::Json(n.to_string().into())),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Bytes(bytes.into())),
    ]
}

fn values() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(value(), 0..5)
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        6 => Just(Wish::Any),
        1 => Just(Wish::Absent),
        1 => Just(Wish::Present),
        3 => Just(Wish::Current),
        1 => Just(Wish::Stale),
    ]
}

fn range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        collection().prop_map(KeyRange::all),
        (collection(), id()).prop_map(|(collection, id)| KeyRange::prefix(collection, id)),
        (collection(), id(), id())
            .prop_map(|(collection, start, end)| KeyRange::between(collection, start, end)),
        (collection(), id()).prop_map(|(collection, id)| KeyRange::all(collection).after(id)),
        (collection(), id()).prop_map(|(collection, id)| KeyRange::all(collection).before(id)),
    ]
}
