//! Identity as a host uses it: through the facade, by name, and after opening again.

use heptad::{ErrorKind, Heptad, core::operation::Reply};
use serde_json::{Value, json};

async fn call(heptad: &Heptad, operation: &str, request: Value) -> heptad::Result<Value> {
    match heptad.call(operation, request)? {
        Reply::One(answer) => answer.await,
        Reply::Many(_) => panic!("{operation} has one result"),
    }
}

#[tokio::test]
async fn a_key_made_by_name_opens_what_its_role_allows_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("acme.db");
    let key = {
        let heptad = Heptad::open(&db).await.unwrap();
        let role = json!({ "name": "watcher", "allow": ["platform.*"], "deny": ["platform.config"] });
        call(&heptad, "auth.put_role", role).await.unwrap();
        let made =
            call(&heptad, "auth.create_key", json!({ "name": "ci", "roles": ["watcher"] })).await.unwrap();
        call(&heptad, "auth.assign", json!({ "principal": "ada", "roles": ["watcher"] })).await.unwrap();
        made["key"].as_str().unwrap().to_owned()
    };
    let heptad = Heptad::open(&db).await.unwrap();
    for visitor in [heptad.authenticate(&key).await.unwrap(), heptad.sign_in("ada").await.unwrap()] {
        call(&visitor, "platform.health", json!({})).await.expect("its role allows it");
        for denied in ["platform.config", "auth.roles", "auth.whoami"] {
            let error = call(&visitor, denied, json!({})).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{denied}");
        }
    }
    let audit = call(&heptad, "auth.audit", json!({ "limit": 100 })).await.unwrap();
    let told: Vec<&str> =
        audit["entries"].as_array().unwrap().iter().map(|entry| entry["what"].as_str().unwrap()).collect();
    assert_eq!(told[..3], ["role_put", "key_created", "assigned"]);
    assert_eq!(told[3..], ["denied"; 6]);
    let stranger = heptad.sign_in("eve").await.unwrap();
    assert!(call(&stranger, "platform.health", json!({})).await.is_err(), "who has no role may do nothing");
    assert_eq!(heptad.authenticate("hp_x_y").await.map(drop).unwrap_err().kind(), ErrorKind::Unauthenticated);
}
