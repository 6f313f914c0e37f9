//! What holds whoever asks for whatever.

use std::collections::{BTreeMap, BTreeSet};

use heptad_core::operation::{Permission, Principal};
use proptest::{
    collection::{btree_set, vec},
    prelude::*,
    sample::select,
};

use super::{as_principal, create, enter, kernel, owner, put, rotate};

const OPERATIONS: [&str; 7] = [
    "auth.create_key",
    "auth.rotate_key",
    "review.scan",
    "review.fix",
    "review.rules.list",
    "search.query",
    "searching.query",
];

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
        // Whoever may not make a key at all proves nothing here.
        principal
            .permissions
            .extend([Permission::named("auth.create_key"), Permission::named("auth.rotate_key")]);
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
            let list = |names: &BTreeSet<&'static str>| names.iter().copied().collect::<Vec<_>>();
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
