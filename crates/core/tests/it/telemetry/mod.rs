//! The room `telemetry`: what is counted, and the text it is read from.

mod layers;
mod promtool;
mod text;
