//! The corpus of the fuzzer, replayed: whatever once reached a new branch of a codec is tried on it again, in every run of
//! the tests and without a fuzzer.

use std::{fs, path::Path};

#[path = "../../fuzz/src/targets/mod.rs"]
#[expect(unreachable_pub, reason = "in the fuzzer's crate they are public")]
mod targets;

/// A target of the fuzzer, tried on one input.
type Run = fn(&[u8]);

/// Tries every input of a target's corpus; how many there were.
fn replay(target: &str, run: Run) -> usize {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let inputs = fs::read_dir(corpus).unwrap();
    inputs.map(|input| run(&fs::read(input.unwrap().path()).unwrap())).count()
}

#[test]
fn every_input_that_the_fuzzer_found_is_borne_by_its_codec() {
    let targets: [(&str, Run, usize); 5] = [
        ("cmpp", targets::cmpp, 150),
        ("segment", targets::segment, 5),
        ("sgip", targets::sgip, 100),
        ("smgp", targets::smgp, 150),
        ("smpp", targets::smpp, 80),
    ];
    for (target, run, least) in targets {
        let count = replay(target, run);
        assert!(count >= least, "{target}: {count} inputs, the corpus is not whole");
    }
}

#[test]
#[should_panic(expected = "what we wrote can be read")]
fn an_encoding_that_cannot_be_read_again_is_found() {
    targets::settles(&7_u8, |_, out| out.extend_from_slice(&[7]), |_| None);
}
