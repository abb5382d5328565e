//! Who is meant: coins for members of the server only, permissions as Discord writes them, and replies that say nothing
//! wrong to anybody who reads them.

use interactions::Interaction;
use serde_json::{Value as Json, json};

use crate::support::{GUILD, parse};

/// What Discord sends when somebody with these permissions types `/economy audit`.
fn is_manager(permissions: &Json) -> bool {
    let body = json!({
        "id": "1", "type": 2, "guild_id": GUILD,
        "member": {"user": {"id": "810000000000000001", "username": "manager"}, "permissions": permissions},
        "data": {"name": "economy", "options": [{"name": "audit", "type": 1}]},
    });
    match parse(&body) {
        Ok(Interaction::Command(call, _)) => call.manager,
        other => panic!("not a command: {other:?}"),
    }
}

#[test]
fn permissions_may_grow_beyond_64_bits() {
    for (permissions, manages) in [
        ("32", true),
        ("8", true),
        ("1180591620717411303432", true), // 2^70 + Administrator
        ("1180591620717411303456", true), // 2^70 + Manage Server
        ("1180591620717411303424", false),
        ("18446744073709551616", false),                   // 2^64
        ("340282366920938463463374607431768211496", true), // 2^128 + Administrator + Manage Server
        ("340282366920938463463374607431768211456", false),
        ("", false),
        ("many", false),
    ] {
        assert_eq!(is_manager(&json!(permissions)), manages, "{permissions}");
    }
    assert!(!is_manager(&Json::Null));
}
