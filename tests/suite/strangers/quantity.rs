//! Too much of something: records at one name.
