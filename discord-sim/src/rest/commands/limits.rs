//! Discord's limits on a command's definition, and its refusals of the rest.
//!
//! Source: <https://discord.com/developers/docs/interactions/application-commands#application-command-object>.

use serde_json::Value;

use super::super::Error;

/// Commands that one scope holds at most.
const COMMANDS_MAX: usize = 100;
/// Options of a command, and choices of an option, at most.
const PARTS_MAX: usize = 25;
/// Characters of a description, and of a choice's name, at most.
const WORDS_MAX: usize = 100;
/// Characters of a name at most.
const NAME_MAX: usize = 32;
/// Characters of a command's names, descriptions and values together, at most.
const TOTAL_MAX: usize = 8_000;

pub(super) fn check(definitions: &[Value]) -> Result<(), Error> {
    if definitions.len() > COMMANDS_MAX {
        let words = "Maximum number of application commands reached (100).";
        return Err(Error { code: 30_032, ..Error::plain(axum::http::StatusCode::BAD_REQUEST, 0, words) });
    }
    for (index, definition) in definitions.iter().enumerate() {
        let twin = definitions[..index]
            .iter()
            .any(|other| other["name"] == definition["name"] && kind(other) == kind(definition));
        if twin {
            let words = "Application command names must be unique";
            return Err(Error::form(&index.to_string(), "APPLICATION_COMMANDS_DUPLICATE_NAME", words));
        }
        check_command(&index.to_string(), definition)?;
    }
    Ok(())
}

fn kind(definition: &Value) -> u64 {
    definition["type"].as_u64().unwrap_or(1)
}

fn check_command(place: &str, command: &Value) -> Result<(), Error> {
    check_name(place, &command["name"], kind(command) == 1)?;
    let described = command["description"].as_str().unwrap_or_default().chars().count();
    match kind(command) {
        1 => check_length(&format!("{place}.description"), described, 1, WORDS_MAX)?,
        2..=4 => check_length(&format!("{place}.description"), described, 0, 0)?,
        _ => return Err(choose(&format!("{place}.type"), "(1, 2, 3, 4)")),
    }
    check_numbers(&format!("{place}.integration_types"), &command["integration_types"], 1, "(0, 1)")?;
    check_numbers(&format!("{place}.contexts"), &command["contexts"], 2, "(0, 1, 2)")?;
    check_options(place, command)?;
    if characters(command) > TOTAL_MAX {
        let words = "Command exceeds maximum size (8000)";
        return Err(Error::form(place, "APPLICATION_COMMAND_TOO_LARGE", words));
    }
    Ok(())
}

fn check_options(place: &str, holder: &Value) -> Result<(), Error> {
    let options = holder["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    check_length(&format!("{place}.options"), options.len(), 0, PARTS_MAX)?;
    let mut may_be_required = true;
    for (index, option) in options.iter().enumerate() {
        let place = format!("{place}.options.{index}");
        check_name(&place, &option["name"], true)?;
        if options[..index].iter().any(|other| other["name"] == option["name"]) {
            return Err(Error::form(
                &place,
                "APPLICATION_COMMAND_OPTIONS_NAME_INVALID",
                "Option name already exists",
            ));
        }
        let described = option["description"].as_str().unwrap_or_default().chars().count();
        check_length(&format!("{place}.description"), described, 1, WORDS_MAX)?;
        if !(1..=11).contains(&kind_of_option(option)) {
            return Err(choose(&format!("{place}.type"), "(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)"));
        }
        let is_required = option["required"] == true;
        if is_required && !may_be_required {
            let words = "Required options must be placed before non-required options";
            return Err(Error::form(&place, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words));
        }
        may_be_required = is_required || kind_of_option(option) <= 2;
        check_choices(&place, option)?;
        check_options(&place, option)?;
    }
    Ok(())
}

fn kind_of_option(option: &Value) -> u64 {
    option["type"].as_u64().unwrap_or_default()
}

fn check_choices(place: &str, option: &Value) -> Result<(), Error> {
    let choices = option["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
    check_length(&format!("{place}.choices"), choices.len(), 0, PARTS_MAX)?;
    for (index, choice) in choices.iter().enumerate() {
        let length = choice["name"].as_str().unwrap_or_default().chars().count();
        check_length(&format!("{place}.choices.{index}.name"), length, 1, WORDS_MAX)?;
    }
    Ok(())
}

/// Slash commands and options are in lower case where their script has it; menus have names of any kind.
fn check_name(place: &str, name: &Value, is_typed: bool) -> Result<(), Error> {
    let place = format!("{place}.name");
    let name = name.as_str().unwrap_or_default();
    check_length(&place, name.chars().count(), 1, NAME_MAX)?;
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_'".contains(letter);
    if is_typed && (!name.chars().all(is_plain) || name.to_lowercase() != name) {
        return Err(Error::form(&place, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"));
    }
    Ok(())
}

fn check_numbers(place: &str, numbers: &Value, most: u64, choices: &str) -> Result<(), Error> {
    let all = numbers.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_good = all.iter().all(|number| number.as_u64().is_some_and(|number| number <= most));
    if is_good && (numbers.is_null() || numbers.is_array()) { Ok(()) } else { Err(choose(place, choices)) }
}

fn check_length(place: &str, length: usize, least: usize, most: usize) -> Result<(), Error> {
    if (least..=most).contains(&length) {
        return Ok(());
    }
    let (code, words) = match (length, least) {
        (0, _) => ("BASE_TYPE_REQUIRED", "This field is required".to_owned()),
        (_, 0) => ("BASE_TYPE_MAX_LENGTH", format!("Must be {most} or fewer in length.")),
        _ => ("BASE_TYPE_BAD_LENGTH", format!("Must be between {least} and {most} in length.")),
    };
    Err(Error::form(place, code, &words))
}

fn choose(place: &str, choices: &str) -> Error {
    Error::form(place, "BASE_TYPE_CHOICES", &format!("Value must be one of {choices}."))
}

/// Names, descriptions and values of a command, in all its depths.
fn characters(value: &Value) -> usize {
    let own = ["name", "description", "value"]
        .map(|field| value[field].as_str().unwrap_or_default().chars().count());
    let parts = ["options", "choices"].into_iter().filter_map(|field| value[field].as_array()).flatten();
    own.iter().sum::<usize>() + parts.map(characters).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn command() -> Value {
        json!({ "name": "pay", "type": 1, "description": "Give coins", "integration_types": [0], "contexts": [0],
            "options": [{ "name": "amount", "type": 4, "description": "How many", "required": true }] })
    }

    fn with(pointer: &str, field: &str, new: Value) -> Value {
        let mut command = command();
        command.pointer_mut(pointer).unwrap()[field] = new;
        command
    }

    #[test]
    fn what_is_documented_is_taken_and_the_rest_is_refused_at_its_field() {
        let option = |name: &str| json!({ "name": name, "type": 3, "description": "x" });
        let many: Vec<Value> = (0..26).map(|number| option(&format!("o{number}"))).collect();
        let large: Vec<Value> = (0..10)
            .map(|number| json!({ "name": format!("o{number}"), "type": 3, "description": "x", "choices":
                (0..10).map(|choice| json!({ "name": "x".repeat(90), "value": format!("{choice}") })).collect::<Vec<_>>() }))
            .collect();
        let late = json!([option("a"), { "name": "b", "type": 3, "description": "x", "required": true }]);
        for (definition, field, code) in [
            (with("", "name", json!("")), "name", "BASE_TYPE_REQUIRED"),
            (with("", "name", json!("x".repeat(33))), "name", "BASE_TYPE_BAD_LENGTH"),
            (with("", "name", json!("Pay")), "name", "APPLICATION_COMMAND_INVALID_NAME"),
            (with("", "name", json!("pay me")), "name", "APPLICATION_COMMAND_INVALID_NAME"),
            (with("", "description", json!("")), "description", "BASE_TYPE_REQUIRED"),
            (with("", "description", json!("x".repeat(101))), "description", "BASE_TYPE_BAD_LENGTH"),
            (with("", "type", json!(9)), "type", "BASE_TYPE_CHOICES"),
            (with("", "integration_types", json!([2])), "integration_types", "BASE_TYPE_CHOICES"),
            (with("", "contexts", json!([3])), "contexts", "BASE_TYPE_CHOICES"),
            (with("", "options", json!(many)), "options", "BASE_TYPE_MAX_LENGTH"),
            (with("", "options", json!(large)), "", "APPLICATION_COMMAND_TOO_LARGE"),
            (with("", "options", late), "options.1", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"),
            (with("/options/0", "type", json!(12)), "options.0.type", "BASE_TYPE_CHOICES"),
        ] {
            let errors = check(&[definition]).unwrap_err().errors;
            let pointer = format!("/0/{field}/_errors/0/code").replace("//", "/").replace('.', "/");
            let told = errors.pointer(&pointer);
            assert_eq!(told, Some(&json!(code)), "{field}: {errors}");
        }
        assert_eq!(check(&[command()]), Ok(()));
        assert!(check(&[command(), command()]).is_err(), "the same name twice");
        let names: Vec<Value> =
            (0..101).map(|number| with("", "name", json!(format!("c{number}")))).collect();
        assert_eq!(check(&names).unwrap_err().code, 30_032);
    }
}
