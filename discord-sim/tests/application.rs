//! The application, as its bot and its owner set it up.

use discord_sim::{Config, Server, Signer};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

const AGENT: &str = "DiscordBot (https://discord.com/developers, 0) test";

async fn discord() -> Server {
    Server::start(Config::quiet(Signer::from_seed([7; 32]))).await.unwrap()
}

/// Changes the application as its bot; gives the status and the answer.
async fn change(discord: &Server, change: &Value) -> (u16, Value) {
    let client = Client::builder().user_agent(AGENT).build().unwrap();
    let request = client.patch(format!("{}/api/v10/applications/@me", discord.url()));
    let token = format!("Bot {}", discord.state().bot_token);
    let answer = request.header("Authorization", token).json(change).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_bot_changes_what_it_may_and_all_of_it_or_nothing() {
    let discord = discord().await;
    let servers_only = json!({ "0": { "oauth2_install_params": { "scopes": ["bot", "applications.commands"], "permissions": "0" } } });
    let nobody = "http://127.0.0.1:1/interactions";
    for (endpoint, code) in [
        (json!(nobody), "APPLICATION_INTERACTIONS_ENDPOINT_INVALID"),
        (json!("http://pulse.example/interactions"), "URL_TYPE_INVALID_SCHEME"),
        (json!("interactions"), "URL_TYPE_INVALID_URL"),
        (json!(7), "BASE_TYPE_BAD_TYPE"),
    ] {
        let both = json!({ "interactions_endpoint_url": endpoint, "integration_types_config": servers_only });
        let (status, answer) = change(&discord, &both).await;
        let told = &answer["errors"]["interactions_endpoint_url"]["_errors"][0]["code"];
        assert_eq!((status, told), (400, &json!(code)), "{answer}");
        assert_eq!(
            (discord.state().endpoint(), discord.state().install()),
            (None, json!({ "0": {}, "1": {} }))
        );
    }
    let (status, answer) = change(&discord, &json!({ "integration_types_config": servers_only })).await;
    assert_eq!((status, &answer["integration_types_config"]), (200, &servers_only));

    discord.state().set_endpoint(Some(nobody.into()));
    let (status, answer) = change(&discord, &json!({ "redirect_uris": ["https://a.example"] })).await;
    assert_eq!((status, &answer["redirect_uris"]), (200, &json!([])), "no program adds one");
    assert_eq!(answer["interactions_endpoint_url"], nobody, "what is not sent stays");
    let (status, _) = change(&discord, &json!({ "interactions_endpoint_url": null })).await;
    assert_eq!((status, discord.state().endpoint()), (200, None));
    assert_eq!(change(&discord, &json!([])).await.0, 400);
}

#[tokio::test]
async fn a_sign_in_leads_to_a_redirect_address_that_was_added() {
    let discord = discord().await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let signed_in = async || {
        let (id, person) = (discord.state().application, discord.state().owner().id);
        let query =
            format!("client_id={id}&redirect_uri=http://127.0.0.1:1/a&response_type=code&user={person}");
        client
            .get(format!("{}/oauth2/authorize?{query}", discord.url()))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    let add = async |urls: Value| {
        let body = json!({ "redirectUris": urls });
        client
            .put(format!("{}/control/application", discord.url()))
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(signed_in().await, 302, "any is taken while there is none");
    assert_eq!(add(json!(["http://127.0.0.1:1/b"])).await, 204);
    assert_eq!(signed_in().await, 400);
    assert_eq!(add(json!(["http://127.0.0.1:1/b", "http://127.0.0.1:1/a"])).await, 204);
    assert_eq!(signed_in().await, 302);
}

#[tokio::test]
async fn an_application_shows_its_secret_for_a_token_of_its_own() {
    let discord = discord().await;
    let client = Client::builder().user_agent(AGENT).build().unwrap();
    let id = discord.state().application;
    for (secret, scope, status, error) in [
        ("any", "&scope=identify", 200, Value::Null),
        ("any", "", 400, json!("invalid_scope")),
        ("wrong", "&scope=identify", 401, json!("invalid_client")),
    ] {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}{scope}");
        let request = client.post(format!("{}/api/v10/oauth2/token", discord.url()));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{secret}{scope}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!((&answer["error"], &answer["refresh_token"]), (&error, &Value::Null), "{answer}");
    }
}
