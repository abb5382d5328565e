//! Names as people have them, in scripts that have broken programs before, and strategies that make more of them.

use proptest::{prelude::*, sample::select};

/// Names, each as it is kept: clean, in NFC, and with something to see.
pub const NAMES: [&str; 22] = [
    "Ann Lee",
    "المدير 1",
    "عَلِيّ",
    "می‌خواهم",
    "שרה לוי",
    "สมหญิง",
    "क्षत्रिय",
    "क्‍ष",
    "ক্ষুদ্র",
    "İlknur Işık",
    "ılgın",
    "Straße",
    "Ὀδυσσεύς",
    "Café",
    "Nguyễn",
    "김민수",
    "山田太郎",
    "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} Player",
    "👩🏽‍🚀 Mia",
    "🏳️‍🌈",
    "1️⃣ Uno",
    "ﷺ",
];

/// Names of which nothing can be seen.
pub const BLANKS: [&str; 9] = [
    "",
    " \t\n\u{2003}",
    "\u{2800}\u{2800}",
    "\u{301}\u{301}",
    "\u{115f}\u{1160}\u{3164}\u{ffa0}",
    "\u{200b}\u{2060}\u{feff}",
    "\u{202e}\u{2066}",
    "\u{e0041}\u{e007f}",
    "\u{1d159}",
];

/// One of [`NAMES`].
pub fn name() -> impl Strategy<Value = String> {
    select(&NAMES[..]).prop_map(str::to_owned)
}

/// Anything that can be typed: names among controls, marks of direction, joiners and characters of any kind.
pub fn typed() -> impl Strategy<Value = String> {
    let noise = select(
        &[
            "\u{202e}",
            "\u{2066}",
            "\u{2069}",
            "\u{200f}",
            "\u{61c}",
            "\u{200c}",
            "\u{200d}",
            "\u{200b}",
            "\u{301}",
            "\u{fe0f}",
            "\u{e0067}",
            "\u{e007f}",
            "\u{0}",
            "\u{1b}",
            "\u{85}",
            "\u{2028}",
            "\u{3164}",
            "\u{2800}",
            " ",
            "\u{94d}",
            "\u{307}",
            "\u{345}",
            "I",
            "İ",
            "ß",
            "\u{212a}",
            "🏴",
            "👩",
        ][..],
    );
    let piece = prop_oneof![
        name(),
        noise.prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}
