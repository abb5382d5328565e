//! Numbers as people type them, from the command or the page to the books, the reply and the feed.

use interactions::{
    Books,
    action::{ActionOutcome, Order},
};
use protocol::action::{Action, Actor};
use serde_json::{Value as Json, json};

use crate::actions::{act, code};
use crate::server::Server;
use crate::support::{GUILD, NOON, code_of, daily, field, person, set_rule, text_of};

/// Locale; 12 345 as it writes it, and 7.5.
const LOCALES: [(&str, &str, &str); 22] = [
    ("en", "12,345", "7.5"),
    ("en-ZA", "12\u{a0}345", "7,5"),
    ("de", "12.345", "7,5"),
    ("de-CH", "12’345", "7.5"),
    ("fr", "12\u{202f}345", "7,5"),
    ("es", "12.345", "7,5"),
    ("pt", "12.345", "7,5"),
    ("it", "12.345", "7,5"),
    ("pl", "12\u{a0}345", "7,5"),
    ("ru", "12\u{a0}345", "7,5"),
    ("sv", "12\u{a0}345", "7,5"),
    ("tr", "12.345", "7,5"),
    ("el", "12.345", "7,5"),
    ("he", "\u{200f}12,345", "7.5"),
    ("ar", "١٢٬٣٤٥", "٧٫٥"),
    ("fa", "۱۲٬۳۴۵", "۷٫۵"),
    ("hi", "१२,३४५", "७.५"),
    ("bn", "১২,৩৪৫", "৭.৫"),
    ("my", "၁၂,၃၄၅", "၇.၅"),
    ("th", "๑๒,๓๔๕", "๗.๕"),
    ("dz", "༡༢,༣༤༥", "༧.༥"),
    ("ja", "１２，３４５", "７．５"),
];

impl Server {
    /// Sends an action's JSON, as the edge reads it; returns the outcome, or why it is not looked at.
    fn sends(&self, mut action: Json) -> Result<ActionOutcome, String> {
        action["key"] = json!(format!("key-{}", self.id()));
        action["reason"] = json!("because");
        let actor = Actor { id: Some(person(99).id), name: "Boss".to_owned() };
        let order = Action::read(action.to_string().as_bytes())
            .and_then(|action| Order::new(GUILD, actor, action))
            .map_err(|why| format!("{}: {why}", why.code()))?;
        Ok(act(&self.sqlite, NOON, self.id(), &order))
    }
}

#[test]
fn each_locale_s_numbers_arrive_and_its_decimals_change_nothing() {
    for (locale, whole, decimal) in LOCALES {
        let (server, boss, ann) = (Server::new(), person(9), person(1));
        server.says(&ann, daily());
        let reply = server.manages(&boss, set_rule("pay_max", whole));
        assert_eq!(field(&reply, "After").as_deref(), Some("12,345 coins"), "{locale}");
        let give = |amount: &str| json!({"action": "give", "userId": ann.id, "amount": amount});
        let Ok(ActionOutcome::Done(done)) = server.sends(give(whole)) else { panic!("{locale}") };
        let done: Json = serde_json::from_str(&done).unwrap();
        assert_eq!((&done["balanceAfter"], server.held(&ann)), (&json!("12445"), 12_445), "{locale}");
        assert!(done["message"].as_str().unwrap().contains("12,345 coins"), "{locale}: {done}");
        let item =
            json!({"action": "item_add", "item": "Hat", "price": whole, "stock": whole, "limit": "no limit"});
        assert!(matches!(server.sends(item), Ok(ActionOutcome::Done(_))), "{locale}");
        let shelf = serde_json::to_value(Books::new(&server.sqlite).shop().unwrap()).unwrap();
        let hat =
            json!([{"name": "Hat", "description": null, "price": "12345", "stock": 12_345, "limit": null}]);
        assert_eq!(shelf, hat, "{locale}");

        for typed in [decimal.to_owned(), format!("{decimal} %"), format!("{whole}{decimal}")] {
            for key in ["pay_tax_percent", "pay_max"] {
                let refused = server.manages(&boss, set_rule(key, &typed));
                assert_eq!(code_of(&refused).as_deref(), Some("bad_setting"), "{locale} {typed}");
                let text = text_of(&refused);
                assert!(text.contains(key) && text.contains("write it like"), "{locale}: {text}");
                let action = json!({"action": "setting", "setting": key, "value": typed});
                assert_eq!(code(&server.sends(action).unwrap()).as_deref(), Some("bad_setting"), "{locale}");
            }
            let refused = server.sends(give(&typed)).unwrap_err();
            assert!(refused.starts_with("bad_amount: `amount` takes whole coins: “"), "{locale}: {refused}");
            for (field, code) in [("price", "bad_amount"), ("stock", "bad_count"), ("limit", "bad_count")] {
                let refused =
                    server.sends(json!({"action": "item_edit", "item": "Hat", field: typed})).unwrap_err();
                assert!(refused.starts_with(&format!("{code}: `{field}` takes ")), "{locale}: {refused}");
            }
        }
        let rules = serde_json::to_value(Books::new(&server.sqlite).rules().unwrap()).unwrap();
        let changed =
            rules["settings"].as_array().unwrap().iter().filter(|rule| rule["value"] != rule["default"]);
        assert_eq!(changed.count(), 1, "{locale}");
        assert_eq!(server.held(&ann), 12_445, "{locale}");
        server.prove();
    }
}

#[test]
fn a_long_number_is_not_cut() {
    let (server, boss) = (Server::new(), person(9));
    for typed in [format!("{}7", "0".repeat(60)), format!("7{}", " ".repeat(60))] {
        let reply = server.manages(&boss, set_rule("pay_tax_percent", &typed));
        assert_eq!(field(&reply, "After").as_deref(), Some("7 %"), "{reply}");
        server.manages(&boss, set_rule("pay_tax_percent", "0"));
    }
    let refused = server.manages(&boss, set_rule("pay_max", &"9".repeat(60)));
    assert_eq!(code_of(&refused).as_deref(), Some("bad_setting"));
    assert!(text_of(&refused).contains("is too large"), "{refused}");
}
