//! Numbers as people type them, in the formats of CLDR's locales: read right, or refused.

use proptest::prelude::*;
use protocol::number::{self, NumberFormat, PERCENT, PERCENT_TENTHS, Reason, TENTHS, WHOLE};

/// Locale; 1 234 567, its negative, 12 345, 7 %; then 1 234.5 and 7.5, which are no whole numbers.
const LOCALES: [(&str, [&str; 6]); 28] = [
    ("en-US", ["1,234,567", "-1,234,567", "12,345", "7%", "1,234.5", "7.5"]),
    ("en-IN", ["12,34,567", "-12,34,567", "12,345", "7%", "1,234.5", "7.5"]),
    ("en-ZA", ["1\u{a0}234\u{a0}567", "-1\u{a0}234\u{a0}567", "12\u{a0}345", "7%", "1\u{a0}234,5", "7,5"]),
    ("de-DE", ["1.234.567", "-1.234.567", "12.345", "7\u{a0}%", "1.234,5", "7,5"]),
    ("de-CH", ["1’234’567", "-1’234’567", "12’345", "7%", "1’234.5", "7.5"]),
    (
        "de-AT",
        ["1\u{a0}234\u{a0}567", "-1\u{a0}234\u{a0}567", "12\u{a0}345", "7\u{a0}%", "1\u{a0}234,5", "7,5"],
    ),
    (
        "fr-FR",
        [
            "1\u{202f}234\u{202f}567",
            "-1\u{202f}234\u{202f}567",
            "12\u{202f}345",
            "7\u{202f}%",
            "1\u{202f}234,5",
            "7,5",
        ],
    ),
    ("es-ES", ["1.234.567", "-1.234.567", "12.345", "7\u{a0}%", "1234,5", "7,5"]),
    ("pt-BR", ["1.234.567", "-1.234.567", "12.345", "7%", "1.234,5", "7,5"]),
    ("it-IT", ["1.234.567", "-1.234.567", "12.345", "7%", "1234,5", "7,5"]),
    ("pl-PL", ["1\u{a0}234\u{a0}567", "-1\u{a0}234\u{a0}567", "12\u{a0}345", "7%", "1234,5", "7,5"]),
    (
        "ru-RU",
        ["1\u{a0}234\u{a0}567", "-1\u{a0}234\u{a0}567", "12\u{a0}345", "7\u{a0}%", "1\u{a0}234,5", "7,5"],
    ),
    (
        "sv-SE",
        [
            "1\u{a0}234\u{a0}567",
            "\u{2212}1\u{a0}234\u{a0}567",
            "12\u{a0}345",
            "7\u{a0}%",
            "1\u{a0}234,5",
            "7,5",
        ],
    ),
    ("da-DK", ["1.234.567", "-1.234.567", "12.345", "7\u{a0}%", "1.234,5", "7,5"]),
    ("tr-TR", ["1.234.567", "-1.234.567", "12.345", "%7", "1.234,5", "7,5"]),
    ("eu-ES", ["1.234.567", "\u{2212}1.234.567", "12.345", "%\u{a0}7", "1.234,5", "7,5"]),
    ("el-GR", ["1.234.567", "-1.234.567", "12.345", "7%", "1.234,5", "7,5"]),
    ("he-IL", ["1,234,567", "\u{200e}-1,234,567", "12,345", "7%", "1,234.5", "7.5"]),
    ("ar-EG", ["١٬٢٣٤٬٥٦٧", "\u{61c}-١٬٢٣٤٬٥٦٧", "١٢٬٣٤٥", "٧٪\u{61c}", "١٬٢٣٤٫٥", "٧٫٥"]),
    ("fa-IR", ["۱٬۲۳۴٬۵۶۷", "\u{200e}\u{2212}۱٬۲۳۴٬۵۶۷", "۱۲٬۳۴۵", "۷٪", "۱٬۲۳۴٫۵", "۷٫۵"]),
    ("ur-PK", ["1,234,567", "\u{200e}-1,234,567", "12,345", "7%", "1,234.5", "7.5"]),
    ("mr-IN", ["१२,३४,५६७", "-१२,३४,५६७", "१२,३४५", "७%", "१,२३४.५", "७.५"]),
    ("bn-BD", ["১২,৩৪,৫৬৭", "-১২,৩৪,৫৬৭", "১২,৩৪৫", "৭%", "১,২৩৪.৫", "৭.৫"]),
    ("my-MM", ["၁,၂၃၄,၅၆၇", "-၁,၂၃၄,၅၆၇", "၁၂,၃၄၅", "၇%", "၁,၂၃၄.၅", "၇.၅"]),
    ("th-TH, Thai digits", ["๑,๒๓๔,๕๖๗", "-๑,๒๓๔,๕๖๗", "๑๒,๓๔๕", "๗%", "๑,๒๓๔.๕", "๗.๕"]),
    ("dz-BT", ["༡༢,༣༤,༥༦༧", "-༡༢,༣༤,༥༦༧", "༡༢,༣༤༥", "༧\u{a0}%", "༡,༢༣༤.༥", "༧.༥"]),
    (
        "ja-JP, full width",
        ["１，２３４，５６７", "－１，２３４，５６７", "１２，３４５", "７％", "１，２３４．５", "７．５"],
    ),
    ("vi-VN", ["1.234.567", "-1.234.567", "12.345", "7%", "1.234,5", "7,5"]),
];

fn read(format: NumberFormat, typed: &str) -> Result<i64, Reason> {
    format.parse(typed).map_err(|error| error.reason)
}

#[test]
fn each_locale_s_own_numbers_are_read() {
    for (locale, [millions, negative, thousands, percent, grouped, fraction]) in LOCALES {
        assert_eq!(read(WHOLE, millions), Ok(1_234_567), "{locale}");
        assert_eq!(read(WHOLE, negative), Ok(-1_234_567), "{locale}");
        assert_eq!(read(WHOLE, thousands), Ok(12_345), "{locale}");
        assert_eq!(read(PERCENT, percent), Ok(7), "{locale}");
        assert_eq!(read(WHOLE, percent), Err(Reason::NotANumber), "{locale}: a percentage is no amount");
        assert_eq!(read(TENTHS, millions), Ok(12_345_670), "{locale}");
        for (typed, tenths) in [(grouped, 12_345), (fraction, 75)] {
            assert_eq!(read(TENTHS, typed), Ok(tenths), "{locale}");
            assert_eq!(read(WHOLE, typed), Err(Reason::NotWhole), "{locale}");
            assert_eq!(read(PERCENT, &format!("{typed} %")), Err(Reason::NotWhole), "{locale}");
            assert_eq!(read(PERCENT_TENTHS, &format!("{typed} %")), Ok(tenths), "{locale}");
        }
    }
}

#[test]
fn what_is_typed_is_a_whole_number_or_refused() {
    use Reason::{Grouping, NotANumber, NotWhole, TooLarge};
    for (typed, expected) in [
        ("0", Ok(0)),
        (" 42\n", Ok(42)),
        ("+5", Ok(5)),
        ("- 5", Ok(-5)),
        ("007", Ok(7)),
        ("1,000", Ok(1_000)),
        ("1.000", Ok(1_000)),
        ("1_000_000", Ok(1_000_000)),
        ("1'000", Ok(1_000)),
        ("\u{2068}1,000\u{2069}", Ok(1_000)),
        ("\u{feff}1\u{200b}000", Ok(1_000)),
        ("10,00,000", Ok(1_000_000)),
        ("9223372036854775807", Ok(i64::MAX)),
        ("-9,223,372,036,854,775,808", Ok(i64::MIN)),
        ("9223372036854775808", Err(TooLarge)),
        ("1,5", Err(NotWhole)),
        ("12,50", Err(NotWhole)),
        ("1.0", Err(NotWhole)),
        ("0,500", Err(NotWhole)),
        ("1234,567", Err(NotWhole)),
        ("1,000.00", Err(NotWhole)),
        ("1.000,00", Err(NotWhole)),
        ("1,000.000", Err(NotWhole)),
        (".5", Err(NotWhole)),
        ("5,", Err(NotWhole)),
        ("1,0000", Err(NotWhole)),
        ("1 5", Err(Grouping)),
        ("1 2345", Err(Grouping)),
        ("1,000_000", Err(Grouping)),
        ("1,000,00", Err(Grouping)),
        ("1,00,00", Err(Grouping)),
        ("100,00,000", Err(Grouping)),
        ("0,000,001", Err(Grouping)),
        ("1,,000", Err(NotANumber)),
        ("1, 000", Err(NotANumber)),
        ("", Err(NotANumber)),
        ("-", Err(NotANumber)),
        (",", Err(NotANumber)),
        ("ten", Err(NotANumber)),
        ("10 coins", Err(NotANumber)),
        ("1k", Err(NotANumber)),
        ("1e3", Err(NotANumber)),
        ("0x10", Err(NotANumber)),
        ("NaN", Err(NotANumber)),
        ("5-", Err(NotANumber)),
        ("1-2", Err(NotANumber)),
        ("--5", Err(NotANumber)),
        ("5%", Err(NotANumber)),
        ("$5", Err(NotANumber)),
        ("½", Err(NotANumber)),
        ("2²", Err(NotANumber)),
        ("1٢3", Err(NotANumber)),
        ("\u{202e}12", Err(NotANumber)),
    ] {
        assert_eq!(read(WHOLE, typed), expected, "{typed:?}");
    }
}

#[test]
fn decimals_are_read_where_there_is_one_reading() {
    use Reason::{Ambiguous, NotANumber, TooFine};
    for (typed, expected) in [
        ("300", Ok(3_000)),
        ("12.5", Ok(125)),
        ("12,50", Ok(125)),
        (".5", Ok(5)),
        ("-0,5", Ok(-5)),
        ("0.100", Ok(1)),
        ("1 500", Ok(15_000)),
        ("1,234,567", Ok(12_345_670)),
        ("1,234.500", Ok(12_345)),
        ("1,500", Err(Ambiguous)),
        ("1.500", Err(Ambiguous)),
        ("0.25", Err(TooFine)),
        ("12.", Err(NotANumber)),
        ("12.5 %", Err(NotANumber)),
    ] {
        assert_eq!(read(TENTHS, typed), expected, "{typed:?}");
    }
}

#[test]
fn an_error_says_what_was_typed_and_gives_an_example() {
    for (format, typed, message) in [
        (WHOLE, "1,5", "“1,5” is not a whole number; write it like 1500 or 1,500"),
        (PERCENT, " 7,5 % ", "“7,5 %” is not a whole number; write it like 7 or 7 %"),
        (TENTHS, "1,500", "“1,500” can be read in two ways; write it like 1500 or 12.5"),
        (WHOLE, "", "a number is missing; write it like 1500 or 1,500"),
        (WHOLE, "\u{202e}1\u{7}x", "“1x” is not a number; write it like 1500 or 1,500"),
        (
            WHOLE,
            "12345678901234567890123456789012345678901",
            "“1234567890123456789012345678901234567890…” is too large; write it like 1500 or 1,500",
        ),
    ] {
        assert_eq!(format.parse(typed).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_program_s_setting_fits_its_type_or_is_refused() {
    assert_eq!(number::typed::<u64>("600_000"), Ok(600_000));
    assert_eq!(number::typed::<u16>("8,787"), Ok(8_787));
    for (read, reason) in [
        (number::typed::<u16>("65,536").map(u64::from), Reason::TooLarge),
        (number::typed("-1"), Reason::Negative),
        (number::typed("0,5"), Reason::NotWhole),
    ] {
        assert_eq!(read.map_err(|why| why.reason), Err(reason));
    }
}

#[test]
fn limits_and_switches_have_words() {
    for typed in ["no limit", "Unlimited", " without end ", "∞", "-1", "\u{2212}1"] {
        assert_eq!(number::limit(typed), Ok(None), "{typed}");
    }
    assert_eq!(number::limit("1,000"), Ok(Some(1_000)));
    assert_eq!(number::limit("0"), Ok(Some(0)));
    assert!(number::limit("ten").is_err() && number::limit("none").is_err() && number::limit("").is_err());
    for (typed, read) in [
        ("on", Some(true)),
        ("Yes", Some(true)),
        ("TRUE", Some(true)),
        ("1", Some(true)),
        ("١", Some(true)),
        ("off", Some(false)),
        ("no", Some(false)),
        ("false", Some(false)),
        ("0", Some(false)),
        ("2", None),
        ("", None),
        ("maybe", None),
    ] {
        assert_eq!(number::switch(typed), read, "{typed}");
    }
}

/// A number as a locale writes it: its digits, grouped from the right by `sizes`, of which the last repeats.
fn write(number: i64, zero: u32, mark: &str, sizes: &[usize]) -> String {
    let digits = number.unsigned_abs().to_string();
    let digit = |c: char| char::from_u32(zero + c.to_digit(10).unwrap()).unwrap();
    let mut rest: Vec<char> = digits.chars().map(digit).collect();
    let mut groups = Vec::new();
    for &size in sizes.iter().chain(std::iter::repeat(sizes.last().unwrap())) {
        groups.push(String::from_iter(rest.split_off(rest.len().saturating_sub(size))));
        if rest.is_empty() {
            break;
        }
    }
    groups.reverse();
    let sign = if number < 0 { "-" } else { "" };
    sign.to_owned() + &groups.join(mark)
}

fn zeros() -> impl Strategy<Value = u32> {
    prop::sample::select(vec![0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0x1040, 0xf20, 0xff10])
}

fn marks() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![",", ".", " ", "\u{a0}", "\u{202f}", "\u{2009}", "'", "’", "٬", "_", "，"])
}

proptest! {
    #[test]
    fn a_number_is_read_however_it_is_written(
        number: i64, shift in 0..63_u32, zero in zeros(), mark in marks(), indian: bool,
    ) {
        let (number, sizes): (i64, &[usize]) = (number >> shift, if indian { &[3, 2] } else { &[3] });
        let typed = write(number, zero, mark, sizes);
        prop_assert_eq!(read(WHOLE, &typed), Ok(number), "{}", typed);
        prop_assert_eq!(read(WHOLE, &write(number, zero, "", sizes)), Ok(number));
    }

    #[test]
    fn a_mark_elsewhere_is_never_passed_over(
        before in 0..1_000_000_u64, after in "[0-9]{1,2}|[0-9]{4,6}", zero in zeros(), mark in marks(),
    ) {
        let after: String = after.chars().map(|c| char::from_u32(zero + c.to_digit(10).unwrap()).unwrap()).collect();
        let typed = [&write(i64::try_from(before).unwrap(), zero, "", &[3]), mark, &after].concat();
        prop_assert!(read(WHOLE, &typed).is_err(), "{}", typed);
        prop_assert!(read(PERCENT, &(typed.clone() + "%")).is_err(), "{}", typed);
    }

    #[test]
    fn what_is_read_has_the_digits_that_were_typed(typed in "[-+]?[0-9,. '_٬٫]{0,12}%?") {
        if let Ok(number) = read(PERCENT, &typed) {
            let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(number.unsigned_abs(), digits.parse::<u64>().unwrap(), "{}", typed);
        }
    }

    #[test]
    fn anything_is_answered(typed in "\\PC{0,60}") {
        for format in [WHOLE, PERCENT, TENTHS, PERCENT_TENTHS] {
            if let Err(error) = format.parse(&typed) {
                prop_assert!(error.to_string().chars().count() < 140);
            }
        }
    }
}
