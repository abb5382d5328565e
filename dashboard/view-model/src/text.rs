//! People's text on the page. As in [`protocol::text`], but by the browser's own tables of Unicode: those of a library would
//! make the page a quarter larger.

/// Folds a text for comparison: texts that differ only in capitals or in their spelling in Unicode become equal. The result
/// is never shown.
#[cfg(target_arch = "wasm32")]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Capitals first: so most ß are ss, and İ an i with a dot.
    let folded =
        js_sys::JsString::from(text).normalize("NFD").to_upper_case().to_lower_case().normalize("NFD");
    let mut alike = String::new();
    for c in String::from(folded).chars() {
        match c {
            // Lower case keeps three spellings apart that mean one: the dot of İ, a Σ that ends a word, a capital ẞ.
            '\u{307}' if alike.ends_with('i') => {}
            'ς' => alike.push('σ'),
            'ß' => alike.push_str("ss"),
            // A search passes over joiners, soft hyphens and the mark that asks for an emoji in colour.
            '\u{200c}' | '\u{200d}' | '\u{ad}' | '\u{fe0f}' => {}
            c => alike.push(c),
        }
    }
    alike
}

/// The same where there is no browser: for tests.
#[cfg(not(target_arch = "wasm32"))]
pub fn fold(text: &str) -> String {
    protocol::text::fold(text)
}

/// Whether what was searched for stands in a text, whatever the case.
pub fn contains(text: &str, words: &str) -> bool {
    let words = fold(words);
    // Byte by byte: the library's search is 1 KB of the page, and events are short.
    words.is_empty() || fold(text).as_bytes().windows(words.len()).any(|part| part == words.as_bytes())
}

/// A name within a sentence, which it cannot reorder. It was cleaned when it came in.
pub fn isolated(name: &str) -> String {
    if name.is_ascii() { name.to_owned() } else { ["\u{2068}", name, "\u{2069}"].concat() }
}
