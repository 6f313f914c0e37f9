//! Running a case: a fresh platform in memory, a fresh folder, call after call.

use std::{fs, time::Duration};

use futures_util::{StreamExt as _, stream::BoxStream};
use heptad::{
    Error, Heptad,
    core::operation::{Permission, Principal, Reply},
};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    case::{Caller, Case, Refusal, Step, Then},
    difference::{between, shown},
    text::{Names, filled, within},
};

/// How long a call or an item may take: what does not come at all must not stop the tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `case`.
///
/// # Errors
/// At which step its outcome was another, and in what.
pub(super) async fn case(case: &Case) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in &case.files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let place = folder.path().canonicalize().unwrap().display().to_string().replace('\\', "/");
    let mut names = Names::from([("folder".to_owned(), place.into())]);
    let heptad = Heptad::builder().in_memory().ignore_environment().open().await.unwrap();
    for (index, step) in case.steps.iter().enumerate() {
        let told = |why: String| format!("step {} ({}):\n  {why}", index + 1, step.call);
        self::step(&heptad, step, &mut names).await.map_err(told)?;
    }
    Ok(())
}

async fn step(heptad: &Heptad, step: &Step, names: &mut Names) -> Result<(), String> {
    let reply = match seen_by(heptad, step.caller.as_ref(), names).await {
        Ok(heptad) => heptad.call(&step.call, request(&step.request, names)),
        Err(error) => Err(error),
    };
    let wanted = (&step.result, &step.items, &step.error, step.then);
    match (reply, wanted) {
        (Ok(Reply::One(reply)), (Some(wanted), None, None, None)) => {
            match timeout(PATIENCE, reply).await.map_err(|_| "it does not end")? {
                Ok(found) => compare("result", wanted, &found, names),
                Err(error) => Err(failed(&error)),
            }
        }
        (Ok(Reply::One(reply)), (None, None, Some(wanted), None)) => {
            match timeout(PATIENCE, reply).await.map_err(|_| "it does not end")? {
                Ok(found) => Err(format!("it gives {}, not the error `{}`", shown(&found), wanted.kind)),
                Err(error) => refused(&error, wanted, names),
            }
        }
        (Ok(Reply::Many(items)), (None, Some(wanted), error, then)) => {
            stream(items, wanted, error.as_ref(), then, names).await
        }
        (Ok(Reply::Many(items)), (None, None, Some(error), None)) => {
            stream(items, &[], Some(error), None, names).await
        }
        (Err(error), (None, None, Some(wanted), None)) => refused(&error, wanted, names),
        (Err(error), _) => Err(failed(&error)),
        (Ok(Reply::One(_)), _) => Err("it has one result: a step gives `result` or `error`".to_owned()),
        (Ok(Reply::Many(_)), _) => Err("it streams: a step gives `items` or `error`".to_owned()),
    }
}

/// The platform as the caller of the step sees it.
async fn seen_by(heptad: &Heptad, caller: Option<&Caller>, names: &Names) -> heptad::Result<Heptad> {
    match caller {
        None => Ok(heptad.clone()),
        Some(Caller::Principal { id, allow }) => {
            let allow = allow.iter().cloned().map(Permission::new);
            Ok(heptad.as_principal(Principal::new(id, allow)))
        }
        Some(Caller::Credential { credential }) => heptad.authenticate(&within(credential, names)).await,
    }
}

/// The request as a binding hands it over: through text, where a wide integer or a float that is no longer the same would show.
fn request(request: &Value, names: &Names) -> Value {
    let text = serde_json::to_string(&filled(request, names)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The items that are wanted, and behind them the error, the end, or nothing that is waited for.
async fn stream(
    mut items: BoxStream<'static, heptad::Result<Value>>,
    wanted: &[Value],
    error: Option<&Refusal>,
    then: Option<Then>,
    names: &mut Names,
) -> Result<(), String> {
    for (index, wanted) in wanted.iter().enumerate() {
        match next(&mut items).await? {
            Some(Ok(found)) => compare(&format!("items[{index}]"), wanted, &found, names)?,
            Some(Err(error)) => return Err(format!("behind {index} items {}", failed(&error))),
            None => return Err(format!("it ends behind {index} items; the next is {}", shown(wanted))),
        }
    }
    if let Some(Then::Cancel) = then {
        return Ok(());
    }
    match (next(&mut items).await?, error) {
        (Some(Err(found)), Some(wanted)) => refused(&found, wanted, names)?,
        (Some(Err(error)), None) => return Err(failed(&error)),
        (Some(Ok(found)), _) => return Err(format!("an item too much comes: {}", shown(&found))),
        (None, Some(wanted)) => return Err(format!("it ends without the error `{}`", wanted.kind)),
        (None, None) => return Ok(()),
    }
    match next(&mut items).await? {
        None => Ok(()),
        Some(_) => Err("something comes behind the error".to_owned()),
    }
}

async fn next(
    items: &mut BoxStream<'static, heptad::Result<Value>>,
) -> Result<Option<heptad::Result<Value>>, String> {
    timeout(PATIENCE, items.next()).await.map_err(|_| "the next item does not come".to_owned())
}

fn compare(place: &str, wanted: &Value, found: &Value, names: &mut Names) -> Result<(), String> {
    let wanted = filled(wanted, names);
    let lines = between(place, &wanted, found, names);
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n  ")) }
}

fn refused(error: &Error, wanted: &Refusal, names: &Names) -> Result<(), String> {
    let message = within(&wanted.message, names);
    if error.kind().as_str() == wanted.kind && error.message().contains(&message) {
        return Ok(());
    }
    Err(format!("{}\n  where `{}` was to come, with “{message}”", failed(error), wanted.kind))
}

fn failed(error: &Error) -> String {
    format!("it fails with `{}`: {}", error.kind(), error.message())
}
