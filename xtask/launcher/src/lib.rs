//! The parts that the launcher and the commands share: the name of the variable with the repository's folder, and the ways
//! out of the few failures that are the machine's and not the code's.

/// The variable that tells the commands the repository's folder.
pub const ROOT: &str = "PULSE_ROOT";

/// Words that a program says for a cause, and the way out of it.
const CAUSES: &[(&[&str], &str)] = &[
    (
        &["No space left on device", "os error 28", "ENOSPC"],
        "the disk is full. Make room and start again: what is built lies in target/, which may be removed at any time",
    ),
    (
        &["linker `cc` not found", "failed to find tool \"cc\"", "is `cc` not installed"],
        "there is no C compiler. Install one (`apt-get install build-essential`, or your system's gcc or clang), and start again",
    ),
    (
        &["E404", "error: 404", "got 404", "404 Not Found", "code 404"],
        "a package registry answers 404. Look at which one is set (`npm config get registry`, ~/.npmrc, ~/.cargo/config.toml): it \
         does not have the package that is named above",
    ),
    (
        &[
            "ENOTFOUND",
            "EAI_AGAIN",
            "ECONNREFUSED",
            "ETIMEDOUT",
            "ENETUNREACH",
            "Could not resolve host",
            "Could not connect to server",
            "Couldn't connect to server",
            "error sending request",
            "could not download file",
            "Timeout was reached",
            "spurious network error",
        ],
        "a package registry cannot be reached. Look at the network and at HTTPS_PROXY, and start again: what has been fetched \
         is kept",
    ),
];

/// The way out, where the words of a failed command name a cause that is known.
pub fn hint(said: &str) -> Option<&'static str> {
    let is_named = |(words, _): &&(&[&str], &'static str)| words.iter().any(|word| said.contains(word));
    CAUSES.iter().find(is_named).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_machine_is_told_with_the_way_out() {
        for (said, expected) in [
            ("error: failed to write `target/x`: No space left on device (os error 28)", "disk is full"),
            ("npm error code ENOSPC", "disk is full"),
            ("error: linker `cc` not found\n  |\n  = note: No such file or directory", "C compiler"),
            ("npm error code E404\nnpm error 404 Not Found - GET http://127.0.0.1/esbuild", "answers 404"),
            (
                "error: failed to download from `…`\n\nCaused by:\n  failed to get successful HTTP response, got 404",
                "answers 404",
            ),
            ("npm error code EAI_AGAIN", "cannot be reached"),
            (
                "Caused by:\n  [6] Could not resolve hostname (Could not resolve host: nowhere.invalid)",
                "cannot be reached",
            ),
            ("error: could not download file from 'https://…' to '…'", "cannot be reached"),
        ] {
            assert!(hint(said).is_some_and(|hint| hint.contains(expected)), "{said}: {:?}", hint(said));
        }
    }

    #[test]
    fn a_failure_of_the_code_has_no_hint() {
        assert_eq!(hint("error[E0425]: cannot find value `x` in this scope"), None);
        assert_eq!(hint("error: could not compile `protocol` (lib) due to 1 previous error"), None);
    }
}
