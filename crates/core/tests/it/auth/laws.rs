//! What holds whoever asks for whatever.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use heptad_core::{
    Kernel,
    auth::{Proved, TokenVerifier, operations::DeleteRoleRequest},
    kernel::{Ports, Security},
    operation::{Permission, Principal},
};
use proptest::{
    collection::{btree_set, vec},
    prelude::*,
    sample::select,
};

use super::{as_principal, assign, create, enter, kernel, owner, put, rotate};

const OPERATIONS: [&str; 7] = [
    "auth.create_key",
    "auth.rotate_key",
    "review.scan",
    "review.fix",
    "review.rules.list",
    "search.query",
    "searching.query",
];

const CHANGES: [&str; 5] =
    ["auth.create_key", "auth.rotate_key", "auth.put_role", "auth.delete_role", "auth.assign"];

/// The roles of the laws; the last may inherit the others.
const ROLES: [&str; 4] = ["r0", "r1", "r2", "heir"];

/// An issuer that says of everybody that they are Ada and have these roles.
struct Claimed(BTreeSet<String>);

#[async_trait]
impl TokenVerifier for Claimed {
    async fn prove(&self, _: &str) -> heptad_core::Result<Proved> {
        Ok(Proved { principal: "ada".into(), roles: self.0.clone(), expires: None })
    }
}

/// What somebody does to roles.
#[derive(Clone, Debug)]
enum Change {
    Put(usize, BTreeSet<&'static str>, BTreeSet<&'static str>, BTreeSet<&'static str>),
    Delete(usize),
    Assign(BTreeSet<&'static str>),
}

fn roles(of: &'static [&'static str]) -> impl Strategy<Value = BTreeSet<&'static str>> {
    btree_set(select(of), 0..3)
}

fn change() -> impl Strategy<Value = Change> {
    let put = (0..ROLES.len(), roles(&ROLES[..3]), grants(3), grants(3));
    prop_oneof![
        put.prop_map(|(role, inherits, allow, deny)| Change::Put(role, inherits, allow, deny)),
        (0..ROLES.len()).prop_map(Change::Delete),
        roles(&ROLES).prop_map(Change::Assign),
    ]
}

fn list(names: &BTreeSet<&'static str>) -> Vec<&'static str> {
    names.iter().copied().collect()
}

/// Writes a role; only the last one inherits, so that nobody can make a circle.
async fn write(
    auth: &heptad_core::auth::operations::Auth,
    role: usize,
    inherits: &BTreeSet<&'static str>,
    allow: &BTreeSet<&'static str>,
    deny: &BTreeSet<&'static str>,
) -> heptad_core::Result<()> {
    let inherits = if role == ROLES.len() - 1 { list(inherits) } else { Vec::new() };
    put(auth, ROLES[role], &inherits, &list(allow), &list(deny)).await.map(drop)
}

fn grant() -> impl Strategy<Value = &'static str> {
    let patterns = ["*", "auth.*", "review.*", "review.rules.*", "search.*"];
    select(OPERATIONS.iter().chain(&patterns).copied().collect::<Vec<_>>())
}

fn grants(most: usize) -> impl Strategy<Value = BTreeSet<&'static str>> {
    btree_set(grant(), 0..most)
}

fn principal() -> impl Strategy<Value = Principal> {
    let set =
        |names: BTreeSet<&'static str>| names.into_iter().map(Permission::named).collect::<BTreeSet<_>>();
    (grants(5), grants(3), vec(grants(4), 0..2)).prop_map(move |(allow, deny, within)| {
        let mut principal = Principal::new("maker", set(allow));
        // Whoever may not change anything at all proves nothing here.
        principal.permissions.extend(CHANGES.map(Permission::named));
        principal.denied = set(deny);
        principal.within = within.into_iter().map(set).collect();
        principal
    })
}

/// What a pattern covers, said by its letters.
fn covers(pattern: &str, wanted: &str) -> bool {
    pattern == "*"
        || pattern == wanted
        || (pattern.ends_with(".*") && wanted.starts_with(&pattern[..pattern.len() - 1]))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_denial_overrides_and_every_ceiling_holds(principal in principal()) {
        for wanted in OPERATIONS {
            let any = |set: &BTreeSet<Permission>| set.iter().any(|held| covers(held.as_str(), wanted));
            let expected = any(&principal.permissions) && !any(&principal.denied) && principal.within.iter().all(any);
            prop_assert_eq!(principal.may(wanted), expected, "{}", wanted);
        }
    }

    #[test]
    fn what_may_be_passed_on_may_be_done(principal in principal(), grant in grant()) {
        if principal.covers(&Permission::named(grant)) {
            for wanted in OPERATIONS.into_iter().filter(|wanted| covers(grant, wanted)) {
                prop_assert!(principal.may(wanted), "{} covers {}", grant, wanted);
            }
        }
    }

    /// A key, a key made with that key, and a rotated one never may more than who made the first, also when their roles grow.
    #[test]
    fn keys_never_lift_anybody(
        maker in principal(), scopes in [grants(4), grants(4)], role in grants(4), denied in grants(2), grown in grants(5), with_role in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (kernel, _) = kernel();
            put(&owner(&kernel), "role", &[], &list(&role), &list(&denied)).await.expect("written");
            let roles: &[&str] = if with_role { &["role"] } else { &[] };
            let (mut auth, mut keys) = (as_principal(&kernel, maker.clone()), Vec::new());
            for scopes in &scopes {
                let Ok(made) = create(&auth, &list(scopes), roles).await else { break };
                if let Ok(next) = rotate(&auth, &made.info.id, 600).await {
                    keys.push(next.key);
                }
                auth = as_principal(&kernel, enter(&kernel, &made.key).await.expect("let in"));
                keys.push(made.key);
            }
            put(&owner(&kernel), "role", &[], &list(&grown), &[]).await.expect("grown");
            for key in keys {
                let key = enter(&kernel, &key).await.expect("let in");
                for wanted in OPERATIONS {
                    assert!(!key.may(wanted) || maker.may(wanted), "{key:?} may {wanted}, its maker {maker:?} may not");
                }
            }
        });
    }

    /// Whoever changes roles, or who has them, lifts nobody to what they may not do themselves, also where an issuer names some of the roles.
    #[test]
    fn changes_of_roles_lift_nobody_above_their_maker(
        maker in principal(), written in [(grants(4), grants(3)), (grants(4), grants(3)), (grants(4), grants(3)), (grants(4), grants(3))],
        inherited in roles(&ROLES[..3]), assigned in roles(&ROLES), claimed in roles(&ROLES), change in change(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (ports, _) = crate::platform::ports();
            let claimed = Claimed(claimed.iter().map(|role| (*role).to_owned()).collect());
            let security = Security { tokens: Some(Arc::new(claimed)), ..Security::default() };
            let kernel = Kernel::new(Ports { security, ..ports });
            let owner = owner(&kernel);
            for (role, (allow, deny)) in written.iter().enumerate() {
                write(&owner, role, &inherited, allow, deny).await.expect("written");
            }
            assign(&owner, "ada", &list(&assigned)).await.expect("assigned");
            let before = enter(&kernel, "a.b.c").await.expect("let in");
            let auth = as_principal(&kernel, maker.clone());
            let _ = match &change {
                Change::Put(role, inherits, allow, deny) => write(&auth, *role, inherits, allow, deny).await,
                Change::Delete(role) => auth.delete_role(DeleteRoleRequest { name: ROLES[*role].into() }).await.map(drop),
                Change::Assign(roles) => assign(&auth, "ada", &list(roles)).await,
            };
            let after = enter(&kernel, "a.b.c").await.expect("let in");
            for wanted in OPERATIONS {
                assert!(
                    !after.may(wanted) || before.may(wanted) || maker.may(wanted),
                    "{change:?} by {maker:?} lets {after:?} {wanted}, which {before:?} could not"
                );
            }
        });
    }

    /// Roles written in any order never make a circle, and what is refused would have made one.
    #[test]
    fn roles_make_no_circle(edges in vec((0..6_usize, 0..6_usize), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (kernel, _) = kernel();
            let auth = owner(&kernel);
            let name = |n: usize| format!("r{n}");
            let mut graph: BTreeMap<usize, BTreeSet<usize>> = (0..6).map(|n| (n, BTreeSet::new())).collect();
            for n in 0..6 {
                put(&auth, &name(n), &[], &[], &[]).await.expect("written");
            }
            for (from, to) in edges {
                let mut wanted = graph.clone();
                wanted.entry(from).or_default().insert(to);
                let parents: Vec<String> = wanted[&from].iter().map(|n| name(*n)).collect();
                let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
                let accepted = put(&auth, &name(from), &parents, &[], &[]).await.is_ok();
                assert_eq!(accepted, !circular(&wanted), "{wanted:?}");
                if accepted {
                    graph = wanted;
                }
            }
        });
    }
}

fn circular(graph: &BTreeMap<usize, BTreeSet<usize>>) -> bool {
    // Taking away whoever inherits from nobody that is left: a circle is what stays.
    let mut left = graph.clone();
    while let Some(free) =
        left.iter().find(|(_, to)| to.iter().all(|n| !left.contains_key(n))).map(|(n, _)| *n)
    {
        left.remove(&free);
    }
    !left.is_empty()
}
