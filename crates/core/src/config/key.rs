//! The keys of the kernel, and how a system declares its own.

use std::{marker::PhantomData, path::PathBuf};

use super::value::{Kind, Setting, Value};

/// What a key is, without its Rust type: a row of a table of keys.
#[derive(Debug)]
pub struct Declaration {
    /// Its name, as in `store.durability`: the section, a dot, the key.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What values it has.
    pub kind: Kind,
    /// The value where nobody sets it, as text.
    pub default: Option<&'static str>,
    /// Its value is never shown: not in errors, not in explanations.
    pub secret: bool,
    /// A shorter environment variable for what people set every day; the long one is above it.
    pub short_variable: Option<&'static str>,
}

impl Declaration {
    /// The environment variable that sets it, as in `HEPTAD_STORE_DURABILITY`.
    pub fn variable(&self) -> String {
        format!("{}{}", super::load::PREFIX, self.name.replace('.', "_").to_uppercase())
    }

    pub(super) fn default_value(&self) -> Option<Value> {
        self.default.and_then(|text| self.kind.parse(text).ok())
    }
}

/// A key whose value is a `T`. Made by [`keys!`].
#[derive(Debug)]
pub struct Key<T> {
    declaration: &'static Declaration,
    of: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// The row of the table.
    pub const fn declaration(&self) -> &'static Declaration {
        self.declaration
    }
}

impl<T: Setting> Key<T> {
    /// A key; written by [`keys!`], which makes sure that type, kind and default belong together.
    #[doc(hidden)]
    pub const fn new(declaration: &'static Declaration) -> Self {
        assert!(T::OPTIONAL || declaration.default.is_some(), "a key without a default is an `Option`");
        Self { declaration, of: PhantomData }
    }

    pub(super) fn read(&self, value: Option<Value>) -> T {
        T::read(value).expect(
            "values are of the kind that `keys!` chose for the type, and a key without a default is optional",
        )
    }
}

/// Declares configuration keys: a constant for each, and `KEYS`, the table of all.
///
/// Each has documentation, a type, a name and then, in this order and each only where it is wanted: `kind`, for [`Kind::Choice`] and ranges;
/// `default`, without which the type is an `Option`; `short`, another environment variable; `secret`.
///
/// ```
/// use heptad_core::config::{self, Config, Kind, LoadOptions};
///
/// config::keys! {
///     /// Files larger than this many bytes are not scanned.
///     MAX_FILE_BYTES: u64 = "review.max_file_bytes", default: "1048576";
///     /// Which rules apply.
///     PROFILE: &'static str = "review.profile", kind: Kind::Choice(&["strict", "usual"]), default: "usual";
///     /// The key of the account.
///     TOKEN: Option<String> = "review.token", secret: true;
/// }
///
/// let config = Config::load(LoadOptions::new().keys(KEYS).set("review.profile", "strict"))?;
/// assert_eq!((config.get(&MAX_FILE_BYTES), config.get(&PROFILE)), (1_048_576, "strict"));
/// assert_eq!(config.get(&TOKEN), None);
/// # Ok::<(), heptad_core::Error>(())
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __config_keys {
    (@kind $type:ty) => { <$type as $crate::config::Setting>::KIND };
    (@kind $type:ty, $kind:expr) => { $kind };
    (@default) => { ::core::option::Option::None };
    (@default $default:literal) => { ::core::option::Option::Some($default) };
    (@short) => { ::core::option::Option::None };
    (@short $short:literal) => { ::core::option::Option::Some($short) };
    (@secret) => { false };
    (@secret $secret:literal) => { $secret };
    ($(
        $(#[doc = $doc:literal])+
        $key:ident: $type:ty = $name:literal $(, kind: $kind:expr)? $(, default: $default:literal)? $(, short: $short:literal)? $(, secret: $secret:literal)?;
    )+) => {
        $(
            $(#[doc = $doc])+
            pub static $key: $crate::config::Key<$type> = $crate::config::Key::new({
                static DECLARATION: $crate::config::Declaration = $crate::config::Declaration {
                    name: $name,
                    doc: ::core::concat!($($doc),+),
                    kind: $crate::__config_keys!(@kind $type $(, $kind)?),
                    default: $crate::__config_keys!(@default $($default)?),
                    secret: $crate::__config_keys!(@secret $($secret)?),
                    short_variable: $crate::__config_keys!(@short $($short)?),
                };
                &DECLARATION
            });
        )+

        /// Every key that is declared here.
        pub static KEYS: &[&$crate::config::Declaration] = &[$($key.declaration()),+];
    };
}

pub use crate::__config_keys as keys;

keys! {
    /// The file of the SQLite store. Everything is kept in memory where it is not set.
    STORE_PATH: Option<PathBuf> = "store.path", short: "HEPTAD_DB";
    /// When a commit is acknowledged: `full`, once it survives the loss of power; `normal`, once it survives the end of the process.
    STORE_DURABILITY: &'static str = "store.durability", kind: Kind::Choice(&["full", "normal"]), default: "full";
    /// The file with the keys that wrap the store's data keys, one `name key` a line, for its owner's eyes only: encrypts the store.
    ENCRYPTION_KEY_FILE: Option<PathBuf> = "encryption.key_file";
    /// The same keys as text, separated by commas or lines: for the environment and the program, never for a configuration file.
    ENCRYPTION_KEYS: Option<String> = "encryption.keys", secret: true;
    /// What an encrypted store does with values that are not encrypted: `refuse`, or `read`, while a store from before is being encrypted.
    ENCRYPTION_EXISTING: &'static str = "encryption.existing", kind: Kind::Choice(&["refuse", "read"]), default: "refuse";
    /// Where the search index of an encrypted store is: in `memory`, or `plain`: on the disk, where anybody who reads the folder reads the documents.
    ENCRYPTION_SEARCH: &'static str = "encryption.search", kind: Kind::Choice(&["memory", "plain"]), default: "memory";
    /// The folder of the search index. Beside the store where it is not set.
    SEARCH_PATH: Option<PathBuf> = "search.path";
    /// What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`) or a list such as `warn,heptad=debug`.
    LOG_LEVEL: String = "log.level", default: "warn", short: "HEPTAD_LOG";
}
