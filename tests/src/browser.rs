//! As much of a browser as signing in needs: it keeps cookies, names its origin, and follows a redirect when told to.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use protocol::UserId;
use reqwest::{Method, Response, StatusCode, header::HeaderMap, redirect};
use serde_json::Value;

use crate::{Edge, Viewer, edge::PATIENCE};

/// A browser that looks at one edge.
#[derive(Clone, Debug)]
pub struct Browser {
    client: reqwest::Client,
    url: String,
    cookies: BTreeMap<String, String>,
}

/// An answer that was read.
#[derive(Debug)]
pub struct Page {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its text.
    pub text: String,
}

impl Page {
    /// The address that it redirects to; fails when it has no `Location`.
    pub fn location(&self) -> Result<&str> {
        Ok(self.headers.get("Location").context("no Location")?.to_str()?)
    }

    /// Its text as JSON; fails when it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("not JSON: {}", self.text))
    }
}

impl Browser {
    /// A browser without cookies.
    pub fn new(edge: &Edge) -> Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(Self { client, url: edge.url.clone(), cookies: BTreeMap::new() })
    }

    /// Signs somebody in with Discord; gives the last page of it.
    pub async fn sign_in(&mut self, user: UserId) -> Result<Page> {
        let callback = self.agree("/login", user).await?;
        self.get(&callback).await
    }

    /// Begins to sign in, and says yes at Discord; gives where Discord sends it back to, as a path.
    pub async fn agree(&mut self, login: &str, user: UserId) -> Result<String> {
        let begun = self.get(login).await?;
        ensure!(begun.status == 303, "{} {}", begun.status, begun.text);
        let discord = format!("{}&user={user}", begun.location()?);
        let agreed = self.client.get(discord).send().await?;
        ensure!(agreed.status() == 302, "{}", agreed.status());
        let back = agreed.headers().get("Location").context("no way back")?.to_str()?.to_owned();
        back.strip_prefix(&self.url)
            .map(str::to_owned)
            .with_context(|| format!("{back} is not of {}", self.url))
    }

    /// Asks for a path.
    pub async fn get(&mut self, path: &str) -> Result<Page> {
        self.send(Method::GET, path, &[], "").await
    }

    /// Posts as a script of the edge's own page does.
    pub async fn post(&mut self, path: &str, body: &str) -> Result<Page> {
        let origin = self.url.clone();
        self.send(Method::POST, path, &[("Origin", &origin), ("Content-Type", "application/json")], body)
            .await
    }

    /// Sends anything, with its cookies.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Page> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).body(body.to_owned());
        if !self.cookies.is_empty() {
            request = request.header("Cookie", self.cookie());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        self.keep_cookies(&response)?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Page { status, headers, text: response.text().await? })
    }

    /// Its `Cookie` header.
    pub fn cookie(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// A cookie's value.
    pub fn cookie_named(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Puts a cookie among its own, as another site on the same host could.
    pub fn toss_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Opens the stream with its cookies, as its own page does; the status when it is refused.
    pub async fn watch(&self, edge: &Edge, query: &str) -> Result<Viewer, u16> {
        Viewer::knock(edge, query, &[("Cookie", &self.cookie()), ("Origin", &self.url)]).await
    }

    fn keep_cookies(&mut self, response: &Response) -> Result<()> {
        for cookie in response.headers().get_all("Set-Cookie") {
            let cookie = cookie.to_str()?;
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').context("a cookie without a value")?;
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(())
    }
}
