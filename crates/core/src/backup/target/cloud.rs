//! A target in an object store: S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.

use std::{env, sync::Arc, time::Duration};

use async_trait::async_trait;
use object_store::{
    ClientConfigKey, ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
    aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder,
    client::{HttpClient, HttpConnector},
    gcp::GoogleCloudStorageBuilder,
    path::Path,
};

use super::{BackupTarget, Listing, check_name, exists, missing};
use crate::{
    error::{Error, ErrorKind, Result, Retry},
    http::{self, HttpOptions},
};

/// A [`BackupTarget`] in an object store.
#[derive(Clone)]
pub struct CloudTarget {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    shown: String,
}

impl CloudTarget {
    /// The target with this URL: `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`. Credentials and endpoints come from the
    /// environment (`AWS_*`, `GOOGLE_*`, `AZURE_*`); nothing is asked yet.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where it is no such URL, has credentials in it, or the environment lacks what is needed.
    pub fn open(url: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::invalid(format!(
                "the backup target {what}: write s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
            ))
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("is no URL"))?;
        if rest.contains(['@', '?', '#']) {
            return Err(Error::invalid(
                "the URL of a backup target has no credentials and no query: they belong into the environment (AWS_ACCESS_KEY_ID …)",
            ));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(wrong("names no bucket"));
        }
        let built = match scheme {
            "s3" => {
                let builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
                let http = env::var("AWS_ALLOW_HTTP").is_ok_and(|allow| allow == "true");
                builder
                    .with_allow_http(http)
                    .with_http_connector(Connector)
                    .build()
                    .map(|store| Arc::new(store) as Arc<dyn ObjectStore>)
            }
            "gs" => {
                let builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
                builder.with_http_connector(Connector).build().map(|store| Arc::new(store) as _)
            }
            "az" => {
                let builder = MicrosoftAzureBuilder::from_env().with_container_name(bucket);
                builder.with_http_connector(Connector).build().map(|store| Arc::new(store) as _)
            }
            other => return Err(wrong(&format!("has the scheme `{}`", other.escape_debug()))),
        };
        let store = built.map_err(|error| {
            Error::invalid(format!("the environment does not say how to reach {scheme}://{bucket}"))
                .because(error)
        })?;
        Ok(Self { shown: format!("{scheme}://{bucket}/{prefix}"), ..Self::over(store, prefix) })
    }

    /// In any store of the crate `object_store`, below `prefix`.
    pub fn over(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        let prefix = prefix.trim_matches('/').to_owned();
        let shown = format!("{store}/{prefix}");
        Self { store, prefix, shown }
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }

    fn failed(&self, name: &str, error: object_store::Error) -> Error {
        use object_store::Error as E;
        match &error {
            E::AlreadyExists { .. } | E::Precondition { .. } => exists(name),
            E::NotFound { .. } => missing(name),
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => Error::new(
                ErrorKind::PermissionDenied,
                format!("the credentials in the environment do not allow to use {}", self.shown),
            )
            .because(error),
            _ => Error::new(
                ErrorKind::Unavailable,
                format!("the backup target {} cannot be used now", self.shown),
            )
            .because(error)
            .retry(Retry::Now),
        }
    }
}

#[async_trait]
impl BackupTarget for CloudTarget {
    fn describe(&self) -> String {
        self.shown.clone()
    }

    async fn put(&self, name: &str, bytes: Arc<[u8]>) -> Result<()> {
        check_name(name)?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let payload = PutPayload::from(bytes.to_vec());
        let done = self.store.put_opts(&self.path(name), payload, options).await;
        done.map(drop).map_err(|error| self.failed(name, error))
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>> {
        check_name(name)?;
        let found = self.store.get(&self.path(name)).await.map_err(|error| self.failed(name, error))?;
        let bytes = found.bytes().await.map_err(|error| self.failed(name, error))?;
        Ok(bytes.into())
    }

    async fn list(&self, folder: &str) -> Result<Listing> {
        if !folder.is_empty() {
            check_name(folder)?;
        }
        let place = self.path(folder);
        let found =
            self.store.list_with_delimiter(Some(&place)).await.map_err(|error| self.failed(folder, error))?;
        let name = |path: &Path| path.filename().filter(|name| check_name(name).is_ok()).map(str::to_owned);
        let objects = found.objects.iter().filter_map(|object| Some((name(&object.location)?, object.size)));
        let folders = found.common_prefixes.iter().filter_map(name);
        Ok(Listing { objects: objects.collect(), folders: folders.collect() }.sorted())
    }

    async fn delete(&self, name: &str) -> Result<()> {
        check_name(name)?;
        match self.store.delete(&self.path(name)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            outcome => outcome.map_err(|error| self.failed(name, error)),
        }
    }
}

/// How long a server may leave a request without an answer, or an answer without its next piece: no put of 64 MiB takes longer, but over the
/// slowest of lines. Whoever ships has a shorter patience (`backup.timeout`); this is for those who restore.
const UNANSWERED: Duration = Duration::from_secs(300);

/// The HTTP client of the kernel, with all it holds to. A proxy is used where the environment names one for the store (`AWS_PROXY_URL` …).
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let cannot = |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
            store: "HTTP",
            source,
        };
        let http = HttpOptions {
            proxy: options.get_config_value(&ClientConfigKey::ProxyUrl),
            ..HttpOptions::default()
        };
        let builder = http::builder(&http).map_err(|error| cannot(error.into()))?;
        let client = builder.read_timeout(UNANSWERED).build().map_err(|error| cannot(error.into()))?;
        Ok(HttpClient::new(client))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use object_store::RetryConfig;

    use super::*;

    /// A redirect would carry the pages of the store to whatever host an answer names.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_put_into_a_bucket_is_not_sent_elsewhere() {
        let (server, elsewhere) = (
            TcpListener::bind("127.0.0.1:0").expect("a port"),
            TcpListener::bind("127.0.0.1:0").expect("a port"),
        );
        let place = elsewhere.local_addr().expect("an address");
        let store = AmazonS3Builder::new()
            .with_endpoint(format!("http://{}", server.local_addr().expect("an address")))
            .with_bucket_name("acme")
            .with_region("here")
            .with_access_key_id("key")
            .with_secret_access_key("secret")
            .with_allow_http(true)
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
            .with_http_connector(Connector)
            .build()
            .expect("a store");
        let answers = std::thread::spawn(move || {
            let (mut connection, _) = server.accept().expect("a request");
            let mut bytes = [0; 1 << 16];
            let read = connection.read(&mut bytes).expect("the head of a request");
            assert!(bytes[..read].starts_with(b"PUT /acme/db/object "), "{}", bytes[..read].escape_ascii());
            let answer = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{place}/acme/db/object\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            connection.write_all(answer.as_bytes()).expect("an answer");
        });
        let target = CloudTarget::over(Arc::new(store), "db");
        let error = target.put("object", b"pages"[..].into()).await.expect_err("it is not taken");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        answers.join().expect("the server answered");
        elsewhere.set_nonblocking(true).expect("a setting");
        let called = elsewhere.accept();
        assert!(called.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "nobody called");
    }
}
