//! Logins with OpenID Connect: against a certified provider, and against one that lies.

mod browser;
mod hostile;
mod login;
mod real;

use std::{sync::Arc, time::Duration};

use heptad_core::{
    Kernel,
    auth::{
        AuditEntry,
        oidc::{Provider, ProviderOptions},
        operations::{AuditRequest, Auth, FinishLoginRequest, LoginStarted, StartLoginRequest},
    },
    clock::Timestamp,
    kernel::{Ports, Security},
    store::Offset,
};
use heptad_testkit::VirtualClock;

use super::owner;

const CALLBACK: &str = "http://127.0.0.1:9/callback";

/// A platform where people sign in with `issuer`, at the time of this machine, for a provider has no other.
fn platform(issuer: &str, client: &str, change: impl FnOnce(&mut ProviderOptions)) -> (Kernel, VirtualClock) {
    let mut options = ProviderOptions::new(issuer, client);
    options.redirect_uris = vec![CALLBACK.into(), "http://127.0.0.1:9/other".into()];
    change(&mut options);
    platform_with(options)
}

fn platform_with(options: ProviderOptions) -> (Kernel, VirtualClock) {
    let clock = VirtualClock::at(Timestamp::now());
    let (ports, _) = crate::platform::ports();
    let login = Provider::new(options, Arc::new(clock.clone())).expect("the options fit together");
    let security = Security { login: Some(Arc::new(login)), ..Security::default() };
    (Kernel::new(Ports { security, clock: Arc::new(clock.clone()), ..ports }), clock)
}

async fn start(auth: &Auth) -> LoginStarted {
    auth.start_login(StartLoginRequest::default()).await.expect("a login is begun")
}

/// The answer that belongs to `started`.
fn answer(started: &LoginStarted, code: Option<&str>, issuer: Option<&str>) -> FinishLoginRequest {
    FinishLoginRequest {
        state: started.state.clone(),
        binding: started.binding.clone(),
        code: code.map(str::to_owned),
        issuer: issuer.map(str::to_owned),
        error: None,
    }
}

async fn audit(kernel: &Kernel) -> Vec<AuditEntry> {
    let request = AuditRequest { after: Offset(0), limit: 10_000 };
    let page = owner(kernel).audit(request).await.expect("read");
    page.entries.into_iter().map(|entry| entry.entry).collect()
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
