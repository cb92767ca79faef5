//! Every type and opcode.
