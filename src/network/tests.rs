//! Real swarms on loopback, each with a channel in place of the core.
