//! Outcomes of probes to verdicts. Pure: the time is an argument, nothing is probed or published here.
