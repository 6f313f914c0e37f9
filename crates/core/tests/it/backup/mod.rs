//! Backups: targets, points in time, damage, trouble, death.

#[cfg(feature = "sqlite")]
mod beside;
#[cfg(feature = "sqlite")]
mod continuity;
#[cfg(all(feature = "sqlite", unix))]
mod crash;
#[cfg(feature = "sqlite")]
mod damage;
#[cfg(all(feature = "sqlite", feature = "encryption"))]
mod encrypted;
#[cfg(feature = "sqlite")]
mod hooked;
#[cfg(feature = "sqlite")]
mod lock;
#[cfg(feature = "sqlite")]
mod operations;
#[cfg(feature = "sqlite")]
mod place;
#[cfg(feature = "sqlite")]
mod points;
#[cfg(all(feature = "sqlite", unix))]
mod power;
#[cfg(feature = "sqlite")]
mod retention;
#[cfg(feature = "sqlite")]
mod speed;
mod targets;
#[cfg(feature = "sqlite")]
mod trouble;
