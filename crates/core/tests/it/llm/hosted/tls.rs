//! TLS for real: a rustls server on this machine with certificates made for the test, good and bad.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use heptad_core::{
    Error, ErrorKind, Result,
    clock::{Clock, SystemClock},
    config::{Config, LoadOptions},
    llm::{ModelCard, Models, config},
    store::{Store, memory::MemoryStore},
    telemetry::Metrics,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer},
    version::{TLS12, TLS13},
};

use super::KEY;

/// An authority that signs whatever it is asked for.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.der().clone(), key }
    }
}

fn self_signed(host: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([host.to_owned()]).unwrap().self_signed(&key).unwrap();
    Identity { certificate: certificate.der().clone(), key }
}

/// A server that lists one model to whoever comes through the handshake. Returns its port and how many requests it has read.
fn serve(identity: &Identity, versions: &[&'static SupportedProtocolVersion]) -> (u16, Arc<AtomicUsize>) {
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.clone()], key)
        .unwrap();
    let (server, read) = (Arc::new(server), Arc::new(AtomicUsize::new(0)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::clone(&read));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream =
                StreamOwned::new(ServerConnection::new(Arc::clone(&server)).unwrap(), stream.unwrap());
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
                head.push(byte[0]);
            }
            if head.is_empty() {
                continue;
            }
            assert!(String::from_utf8(head).unwrap().contains(KEY), "the key comes encrypted, and only then");
            count.fetch_add(1, Ordering::Relaxed);
            let body = r#"{"data":[{"id":"gpt-test"}]}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (port, read)
}

/// Asks the server for its models, as the configuration says it is reached.
async fn ask(port: u16, ca_file: Option<&Path>) -> Result<Vec<ModelCard>> {
    let ca_file = ca_file.map(|path| format!("ca_file = {path:?}\n")).unwrap_or_default();
    let text = format!(
        "[llm]\nprovider = \"openai\"\nmodel = \"gpt-test\"\nbase_url = \"https://localhost:{port}/v1\"\nkey_variable = \"KEY\"\nattempts = 1\n{ca_file}"
    );
    let loaded = Config::load(LoadOptions::new().text("heptad.toml", text).keys(config::KEYS))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::clone(&clock)));
    let variable = |name: &str| (name == "KEY").then(|| KEY.to_owned());
    let models = config::open(&loaded, &variable, &store, &Metrics::new(), &clock, Models::default()).await?;
    models.chat.unwrap().models().await
}

/// The error with all that caused it.
fn whole(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn only_a_server_that_proves_who_it_is_gets_the_key() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("ca.pem");
    std::fs::write(&trusted, theirs.0.pem() + &ours.0.pem()).unwrap();
    for version in [&TLS12, &TLS13] {
        let (port, read) = serve(&ours.sign("localhost", |_| ()), &[version]);
        assert_eq!(ask(port, Some(&trusted)).await.unwrap()[0].id, "gpt-test");
        assert_eq!(read.load(Ordering::Relaxed), 1);
    }

    let only_theirs = folder.path().join("theirs.pem");
    std::fs::write(&only_theirs, theirs.0.pem()).unwrap();
    let expired = |params: &mut CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    };
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(4000, 1, 1);
    for (what, identity, ca_file, want) in [
        ("another host's", ours.sign("other.example", |_| ()), Some(&trusted), "not valid for name"),
        (
            "a name that only looks like it",
            ours.sign("localhost.example", |_| ()),
            Some(&trusted),
            "not valid for name",
        ),
        ("expired", ours.sign("localhost", expired), Some(&trusted), "expired"),
        ("not yet valid", ours.sign("localhost", early), Some(&trusted), "not valid yet"),
        ("self-signed", self_signed("localhost"), Some(&trusted), "UnknownIssuer"),
        ("another authority's", ours.sign("localhost", |_| ()), Some(&only_theirs), "UnknownIssuer"),
        ("unknown to this machine", ours.sign("localhost", |_| ()), None, "UnknownIssuer"),
    ] {
        let (port, read) = serve(&identity, &[&TLS13]);
        let error = ask(port, ca_file.map(|path| path.as_path())).await.unwrap_err();
        let said = whole(&error);
        assert_eq!(
            (error.kind(), read.load(Ordering::Relaxed)),
            (ErrorKind::Unavailable, 0),
            "{what}: {said}"
        );
        assert!(said.contains(want) && !said.contains("canary"), "{what}: {said}");
    }
}

#[tokio::test]
async fn a_file_that_holds_no_authority_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let broken = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n";
    for (text, want) in [
        (&b""[..], "there is none"),
        (b"canary", "there is none"),
        (b"\x00\xff\xfe", "there is none"),
        (broken.as_bytes(), "certificate 1 cannot be used"),
        (b"-----BEGIN CERTIFICATE-----\nbm90", "that is no PEM"),
    ] {
        std::fs::write(&file, text).unwrap();
        let error = ask(1, Some(&file)).await.unwrap_err();
        let said = format!("{error}");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{said}");
        assert!(said.contains(want) && said.contains("llm.ca_file") && !said.contains("canary"), "{said}");
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!(ask(1, Some(&file)).await.unwrap_err().kind(), ErrorKind::NotFound);
}
