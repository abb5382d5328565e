//! The facts of the deployment that Discord is told by its API, and the links for those that only a person can tell it.

use serde_json::{Value, json};

use crate::{
    check::{ASK_AGAIN, redirects},
    discord::{Application, Discord, DiscordError, Scope},
    line::Line,
    register,
};

/// Sets what a bot can set, and gives a line for each thing.
pub async fn tell_discord(
    discord: &Discord,
    application: &Application,
    edge_url: &str,
    page_url: &str,
    force: bool,
) -> Vec<Line> {
    vec![
        install(discord, application).await,
        endpoint(discord, application, &format!("{edge_url}/interactions"), force).await,
        commands(discord, application).await,
        redirect(application, &format!("{page_url}/login/callback")),
        invite(application),
    ]
}

/// Only servers can add it, as an economy is a server's.
///
/// Source: <https://discord.com/developers/docs/resources/application#application-object-application-integration-types>.
async fn install(discord: &Discord, application: &Application) -> Line {
    let what = "installation";
    let wanted = json!({ "0": { "oauth2_install_params": { "scopes": ["bot", "applications.commands"], "permissions": "0" } } });
    if says_the_same(&application.install, &wanted) {
        return Line::well(what, "for servers only already, by a link");
    }
    let remedy =
        "Developer Portal, Installation: Guild Install alone, with the scopes bot and applications.commands";
    match discord.set_install(&wanted).await {
        Ok(install) if says_the_same(&install, &wanted) => Line::well(what, "set to servers only, by a link"),
        Ok(_) => Line::note(what, "Discord has kept other ways to add the application", remedy),
        Err(error) => refused(what, &error, remedy),
    }
}

/// Discord gives the scopes in an order of its own.
fn says_the_same(install: &Value, wanted: &Value) -> bool {
    let scopes = |install: &Value| {
        let scopes = install.pointer("/0/oauth2_install_params/scopes").and_then(Value::as_array);
        let mut scopes: Vec<String> = scopes.into_iter().flatten().map(Value::to_string).collect();
        scopes.sort_unstable();
        scopes
    };
    let kinds = |install: &Value| install.as_object().map(serde_json::Map::len);
    kinds(install) == kinds(wanted) && scopes(install) == scopes(wanted)
}

/// Sets the interactions endpoint. One at another address is another deployment's, and stays unless it is forced.
async fn endpoint(discord: &Discord, application: &Application, wanted: &str, force: bool) -> Line {
    let what = "endpoint";
    match application.endpoint.as_deref().filter(|set| !set.is_empty()) {
        Some(set) if set.trim_end_matches('/') == wanted => {
            return Line::well(what, format!("{wanted} is set already"));
        }
        Some(other) if !force => {
            let found = format!("Discord posts interactions to {other}, and was left so");
            return Line::wrong(what, found, format!("`--force` moves all commands to {wanted}"));
        }
        _ => {}
    }
    match discord.set_endpoint(wanted).await {
        Ok(()) => Line::well(what, format!("set to {wanted}, which answers Discord's PING")),
        Err(error) => refused(
            what,
            &error,
            "the edge's DISCORD_PUBLIC_KEY is not this application's, or Discord cannot reach it: deploy with the secrets \
             file, then `bot-worker setup` again",
        ),
    }
}

async fn commands(discord: &Discord, application: &Application) -> Line {
    let what = "commands";
    let everywhere = Scope { application: application.id, guild: None };
    match register::where_different(discord, everywhere).await {
        Ok(done) => Line::well(what, done.trim_start_matches("commands ")),
        Err(error) => refused(what, &error, "`bot-worker register` shows what differs"),
    }
}

/// No program may add a redirect.
fn redirect(application: &Application, wanted: &str) -> Line {
    let what = "redirection";
    if application.leads_back_to(wanted) == Some(true) {
        return Line::well(what, format!("{wanted} is set already"));
    }
    Line::note(what, format!("no program can add {wanted}, and people sign in by it"), redirects(application))
}

fn invite(application: &Application) -> Line {
    let what = "invitation";
    let link = format!(
        "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands",
        application.id
    );
    match application.guilds {
        Some(guilds) if guilds > 0 => {
            Line::well(what, format!("servers that the bot is in: {guilds}; for another one: {link}"))
        }
        _ => Line::note(what, "the bot is in no server yet: invite it", link),
    }
}

/// A no of Discord's has a reason that somebody can do something about; anything else may be better in a moment.
fn refused(what: &'static str, error: &DiscordError, remedy: &'static str) -> Line {
    let is_no =
        matches!(error, DiscordError::Refused { refusal, .. } if (400..500).contains(&refusal.status));
    Line::wrong(what, error.to_string(), if is_no { remedy } else { ASK_AGAIN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_the_same_whatever_its_order() {
        let wanted = json!({"0": {"oauth2_install_params": {"scopes": ["bot", "applications.commands"], "permissions": "0"}}});
        let install =
            |scopes: Value| json!({"0": {"oauth2_install_params": {"scopes": scopes, "permissions": "8"}}});
        let both = json!({"0": wanted["0"], "1": {}});
        for (install, same) in [
            (install(json!(["applications.commands", "bot"])), true),
            (install(json!(["applications.commands"])), false),
            (json!({"0": {}}), false),
            (both, false),
            (Value::Null, false),
        ] {
            assert_eq!(says_the_same(&install, &wanted), same, "{install}");
        }
    }
}
