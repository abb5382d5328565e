//! Discord's bytes in, the economy's decision out.
