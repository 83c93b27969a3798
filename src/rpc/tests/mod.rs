//! A real server before a real node on a store in memory, on loopback.

mod calls;
mod edge;
mod harness;
mod junk;
mod miners;
