//! TLS for the clients of the kernel. One crypto provider, named here and handed over: nothing is installed for the whole process, so that a host's
//! own choice is not disturbed.

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::error::{Error, ErrorKind, Result};

/// The most certificates in one file: the lists of operating systems have about 150.
const MAX_CERTIFICATES: usize = 2_000;

/// Whom a client believes: the authorities that this machine trusts (default), or those of a file and no others.
#[derive(Clone, Default)]
pub struct Authorities(Option<Arc<RootCertStore>>);

impl Authorities {
    /// The certificates in `text` (PEM). `name` is what errors call the file.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where there is no certificate, or one cannot be used as an authority.
    pub fn parse(name: &str, text: &[u8]) -> Result<Self> {
        let wrong = |what: &str| Error::invalid(format!("the certificates in {name}: {what}"));
        let mut store = RootCertStore::empty();
        for (index, certificate) in CertificateDer::pem_slice_iter(text).enumerate() {
            if index == MAX_CERTIFICATES {
                return Err(wrong(&format!("there are more than {MAX_CERTIFICATES}")));
            }
            let certificate = certificate.map_err(|_| wrong("that is no PEM"))?;
            let number = index + 1;
            store.add(certificate).map_err(|error| {
                wrong(&format!("certificate {number} cannot be used as an authority")).because(error)
            })?;
        }
        if store.is_empty() {
            return Err(wrong("there is none; write PEM, beginning with -----BEGIN CERTIFICATE-----"));
        }
        Ok(Self(Some(Arc::new(store))))
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Authorities(of this machine)"),
            Some(store) => write!(f, "Authorities({} from a file)", store.len()),
        }
    }
}

/// How a client of the kernel speaks TLS: versions 1.2 and 1.3, with the server's name and its chain checked.
///
/// # Errors
/// [`Unavailable`](ErrorKind::Unavailable) where the certificates of this machine cannot be read.
pub(crate) fn client(authorities: &Authorities) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let cannot = |error: rustls::Error| {
        Error::new(ErrorKind::Unavailable, "the certificates of this machine cannot be used").because(error)
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(cannot)?;
    let builder = match &authorities.0 {
        Some(store) => builder.with_root_certificates(Arc::clone(store)),
        None => builder.with_platform_verifier().map_err(cannot)?,
    };
    Ok(builder.with_no_client_auth())
}
