//! Text of people: what is kept of it, what it is compared by, and that it stays within its place.

use proptest::prelude::*;
use protocol::text::{NAME_MAX_CHARS, clean, contains, fold, is_blank, isolated, name as name_of, shortened};

use crate::corpus::{self, BLANKS, NAMES};

fn name(text: &str) -> Option<String> {
    name_of(text, NAME_MAX_CHARS)
}

#[test]
fn names_of_people_stay_as_they_are() {
    for given in NAMES {
        assert_eq!(clean(given), given, "{given:?}");
        assert_eq!(name(given).as_deref(), Some(given), "{given:?}");
    }
}

#[test]
fn what_shows_nothing_is_no_name() {
    for given in BLANKS {
        assert_eq!(name(given), None, "{given:?}");
    }
    assert!(!is_blank("e\u{301}"));
}

#[test]
fn what_does_not_belong_is_taken_out() {
    let cases = [
        ("  Ann\n\tLee ", "Ann Lee"),
        ("Ann\u{2028}Lee", "Ann Lee"),
        ("\u{202e}evil\u{202c}", "evil"),
        ("\u{2066}evil", "evil"),
        ("pay\u{200c}pal\u{200d}", "paypal"),
        ("می\u{200c}\u{200c}خواهم\u{200c}", "می\u{200c}خواهم"),
        ("a\u{0}b\u{9b}c", "abc"),
        ("Cafe\u{301}", "Café"),
        ("🏴\u{e0067}\u{e0062}", "🏴"),
        ("A\u{e0067}\u{e007f}", "A"),
        ("A\u{fe0f}", "A"),
        ("👩\u{200d}", "👩"),
        ("한\u{3164}글", "한글"),
    ];
    for (given, kept) in cases {
        assert_eq!(clean(given), kept, "{given:?}");
    }
}

#[test]
fn a_long_name_ends_between_characters_that_people_see() {
    let flag = NAMES[17].split(' ').next().unwrap();
    let many = flag.repeat(9);
    assert_eq!(name(&many).unwrap(), flag.repeat(NAME_MAX_CHARS / flag.chars().count()));
    assert_eq!(shortened("e\u{302}\u{301}e\u{302}\u{301}", 5), "e\u{302}\u{301}");
    assert_eq!(shortened(&"e\u{301}".repeat(2)[..1], 1), "e");
    let stacked = "e".to_owned() + &"\u{301}".repeat(100);
    assert_eq!(name(&stacked).unwrap().chars().count(), NAME_MAX_CHARS);
}

#[test]
fn one_word_has_one_key_however_it_is_typed() {
    let cases = [
        ("Café", "Cafe\u{301}"),
        ("Café", "CAFÉ"),
        ("İksir", "İKSİR"),
        ("İksir", "iksir"),
        ("İksir", "I\u{307}ksir"),
        ("Kılıç", "KILIÇ"),
        ("Straße", "STRASSE"),
        ("Straße", "STRAẞE"),
        ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
        ("ᾳ", "ΑΙ"),
        ("ﬁsh", "FISH"),
        ("می\u{200c}خواهم", "میخواهم"),
        ("\u{212a}", "k"),
        ("Sword", "sWORD"),
    ];
    for (one, other) in cases {
        assert_eq!(fold(one), fold(other), "{one:?} and {other:?}");
    }
    assert_ne!(fold("Cafe"), fold("Café"));
    assert!(contains("İKSİR paid", &fold("iksir")) && !contains("Ann", &fold("Bea")));
}

#[test]
fn only_what_turns_the_order_around_is_isolated() {
    assert_eq!(isolated("Ann Lee"), "Ann Lee");
    assert_eq!(isolated("Ὀδυσσεύς"), "Ὀδυσσεύς");
    assert_eq!(isolated("ﷺ"), "\u{2068}ﷺ\u{2069}");
    assert_eq!(isolated("١٢"), "\u{2068}١٢\u{2069}");
    assert_eq!(isolated("\u{202e}evil\u{2069}"), "\u{2068}evil\u{2069}");
    let nested = "added \u{2068}ﷺ\u{2069} for 5 coins";
    assert_eq!(isolated(nested), format!("\u{2068}{nested}\u{2069}"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cleaning_twice_changes_nothing(typed in corpus::typed()) {
        let once = clean(&typed);
        prop_assert_eq!(clean(&once), once);
    }

    #[test]
    fn a_name_fits_and_stays(typed in corpus::typed()) {
        if let Some(kept) = name(&typed) {
            prop_assert!(kept.chars().count() <= NAME_MAX_CHARS);
            let is_hostile = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            prop_assert!(!kept.contains(is_hostile), "{:?}", kept);
            prop_assert_eq!(name(&kept), Some(kept.clone()));
        }
    }

    #[test]
    fn a_key_is_its_own_key_whatever_the_spelling(typed in corpus::typed()) {
        let key = fold(&typed);
        prop_assert_eq!(fold(&key), key.clone());
        prop_assert_eq!(fold(&clean(&typed).to_uppercase()), fold(&clean(&typed)));
    }

    #[test]
    fn isolates_are_paired(typed in corpus::typed()) {
        let mut depth = 0;
        for c in isolated(&typed).chars() {
            depth += match c { '\u{2068}' => 1, '\u{2069}' => -1, _ => 0 };
            prop_assert!(depth >= 0);
        }
        prop_assert_eq!(depth, 0);
    }
}
