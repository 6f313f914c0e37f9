//! Peers, the registry's committed form, and the reading of CPU times.

use std::{fs, os::unix::fs::PermissionsExt};

use xtask::{
    bench::{Verdict, peers, run_peer},
    codegen, cost,
    workspace::{Layer, Workspace},
};

use crate::fixture::Fixture;

#[test]
fn a_peer_runs_is_not_run_or_fails_and_each_is_told_apart() {
    let house = Fixture::new();
    let scripts = [
        ("a.sh", "exit 0"),
        ("b.sh", "echo redis-server is not installed; exit 77"),
        ("c.sh", "exit 1"),
        ("notes.md", "text"),
    ];
    for (name, script) in scripts {
        let file = format!("benches/peers/{name}");
        house.write(&file, &format!("#!/bin/sh\n{script}\n"));
        let mode = if name.ends_with(".sh") { 0o755 } else { 0o644 };
        fs::set_permissions(house.root().join(&file), fs::Permissions::from_mode(mode)).unwrap();
    }
    let verdicts: Vec<Verdict> =
        peers(house.root()).unwrap().iter().map(|peer| run_peer(peer, house.root())).collect();
    let expected = [
        Verdict::Ran,
        Verdict::NotRun("redis-server is not installed".into()),
        Verdict::Failed("exit code 1".into()),
    ];
    assert_eq!(verdicts, expected);
}

#[test]
fn a_house_without_peers_has_none() {
    assert!(peers(Fixture::new().root()).unwrap().is_empty());
}

#[test]
fn the_registry_is_committed_indented_and_in_its_own_order() {
    let text = codegen::pretty(r#"[{"name":"review.scan","effect":"reads","doc":"Scans."}]"#).unwrap();
    assert_eq!(
        text,
        "[\n  {\n    \"name\": \"review.scan\",\n    \"effect\": \"reads\",\n    \"doc\": \"Scans.\"\n  }\n]\n"
    );
}

#[test]
fn what_is_no_registry_is_refused() {
    for text in ["", "hello", "{}", "[]", r#"[{"doc":"nameless"}]"#] {
        assert!(codegen::pretty(text).is_err(), "{text}");
    }
}

#[test]
fn cpu_times_are_read_behind_a_name_with_brackets() {
    let stat = "77 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 1500 250 20 0 1";
    assert_eq!(cost::children_ticks(stat), Some(1750.0));
    assert_eq!(cost::children_ticks("77 (short) S 1 2"), None);
}

#[test]
fn a_feature_that_turns_nothing_on_is_not_built() {
    let workspace = Workspace::here().unwrap();
    let facade = workspace.layer(Layer::Facade).next().unwrap();
    let empty: Vec<_> =
        facade.features.iter().filter(|(_, on)| on.is_empty()).map(|(name, _)| name).collect();
    assert!(facade.features.keys().all(|name| cost::is_reserved(facade, name) == empty.contains(&name)));
    assert!(!cost::is_reserved(facade, "sqlite") && !cost::is_reserved(facade, "no-such-feature"));
}
