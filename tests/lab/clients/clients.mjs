// SPDX-License-Identifier: Apache-2.0
// Microsoft's own clients sign in to the local tenant, page, batch, follow delta, and wait out 429.
// Prints one JSON line per check: {"check", "ok", "seen"}. Started by selftest.py.
import { ConfidentialClientApplication } from "@azure/msal-node";
import {
    BatchRequestContent, BatchResponseContent, Client, PageIterator,
} from "@microsoft/microsoft-graph-client";

const lab = JSON.parse(process.env.LAB_CLIENTS);
const host = new URL(lab.base).host;
const authority = `${lab.base}/${lab.tenant}`;

function check(name, ok, seen) {
    console.log(JSON.stringify({ check: name, ok: Boolean(ok), seen: String(seen) }));
}

// MSAL knows the public clouds by heart and asks one of them about any other authority. What it
// would learn there is told here: the authority is ours (knownAuthorities, cloudDiscoveryMetadata),
// and these are its endpoints (authorityMetadata), since the tenant serves no discovery document.
function application(secret) {
    return new ConfidentialClientApplication({
        auth: {
            clientId: lab.client, clientSecret: secret, authority,
            knownAuthorities: [host],
            cloudDiscoveryMetadata: JSON.stringify({
                tenant_discovery_endpoint: `${authority}/v2.0/.well-known/openid-configuration`,
                metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
            }),
            authorityMetadata: JSON.stringify({
                issuer: `${authority}/v2.0`,
                authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
                token_endpoint: `${authority}/oauth2/v2.0/token`,
                end_session_endpoint: `${authority}/oauth2/v2.0/logout`,
                jwks_uri: `${authority}/discovery/v2.0/keys`,
            }),
        },
    });
}

const SCOPES = { scopes: ["https://graph.microsoft.com/.default"] };
const app = application(lab.secret);

async function signIn() {
    const first = await app.acquireTokenByClientCredential(SCOPES);
    const left = (first.expiresOn - Date.now()) / 1000;
    check("MSAL gets a token", first.tokenType === "Bearer" && first.accessToken.length > 100,
        first.tokenType);
    check("... that lasts an hour", left > 3400 && left < 3700, left);
    const again = await app.acquireTokenByClientCredential(SCOPES);
    check("... and keeps it", again.fromCache && again.accessToken === first.accessToken,
        again.fromCache);
    try {
        await application("wrong").acquireTokenByClientCredential(SCOPES);
        check("MSAL reports a wrong secret", false, "a token");
    } catch (error) {
        check("MSAL reports a wrong secret", error.errorCode === "invalid_client" &&
            error.message.includes("AADSTS7000215"), `${error.errorCode}: ${error.message}`);
    }
}

const graph = Client.init({
    baseUrl: `${lab.base}/`,
    customHosts: new Set([new URL(lab.base).hostname]),
    authProvider: (done) => app.acquireTokenByClientCredential(SCOPES)
        .then((token) => done(null, token.accessToken), (error) => done(error, null)),
});

async function pages() {
    const seen = [];
    const first = await graph.api("/users").select("id,displayName").top(100).get();
    check("a page has a next one", first["@odata.nextLink"], first["@odata.nextLink"]);
    await new PageIterator(graph, first, (one) => { seen.push(one.id); return true; }).iterate();
    check("PageIterator sees every user once",
        seen.length === lab.users && new Set(seen).size === seen.length, seen.length);
    const count = await graph.api("/users/$count").header("ConsistencyLevel", "eventual").get();
    check("$count is a number", Number(count) === lab.users, count);
    try {
        await graph.api("/users/nobody@lab.example.test").get();
        check("a missing user is an error", false, "a user");
    } catch (error) {
        check("a missing user is an error", error.statusCode === 404 &&
            error.code === "Request_ResourceNotFound" && error.requestId !== null,
            `${error.statusCode} ${error.code}`);
    }
}

async function batch() {
    const steps = ["/users?$top=2", "/groups?$top=1", "/users/nobody@lab.example.test"];
    const content = new BatchRequestContent(steps.map((path, at) => ({
        id: String(at + 1), request: new Request(lab.base + path, { method: "GET" }),
    })));
    const answer = await graph.api("/$batch").post(await content.getContent());
    const found = new BatchResponseContent(answer);
    const status = ["1", "2", "3"].map((id) => found.getResponseById(id).status).join();
    check("a batch answers each step", status === "200,200,404", status);
    const users = await found.getResponseById("1").json();
    check("... with its body", users.value.length === 2, users.value.length);
}

async function drain(answer, into) {
    for (;;) {
        into.push(...answer.value);
        if (!answer["@odata.nextLink"]) {
            return answer["@odata.deltaLink"];
        }
        answer = await graph.api(answer["@odata.nextLink"]).get();
    }
}

async function delta() {
    const initial = [], changed = [];
    let link = await drain(await graph.api("/users/delta").select("displayName").get(), initial);
    check("delta tells all users", new Set(initial.map((u) => u.id)).size === lab.users,
        initial.length);
    const made = await graph.api("/users").post({
        accountEnabled: true, displayName: "Nora New", mailNickname: "nora.new",
        userPrincipalName: "nora.new@lab.example.test",
        passwordProfile: { password: "Correct-Horse-7" },
    });
    await graph.api(`/users/${made.id}`).patch({ displayName: "Nora Newer" });
    link = await drain(await graph.api(link).get(), changed);
    const nora = changed.filter((u) => u.id === made.id).at(-1);
    check("delta tells a new user", changed.every((u) => u.id === made.id) &&
        nora?.displayName === "Nora Newer", JSON.stringify(changed));
    await graph.api(`/users/${made.id}`).delete();
    const gone = [];
    await drain(await graph.api(link).get(), gone);
    check("delta tells a deleted user", gone.length === 1 && gone[0].id === made.id &&
        gone[0]["@removed"].reason === "changed", JSON.stringify(gone));
}

async function control(method, path, body) {
    const answer = await fetch(`${lab.base}/_lab/${path}`, {
        method, body: body && JSON.stringify(body), headers: { "X-Lab-Key": lab.key },
    });
    return answer.json();
}

async function throttled() {
    await control("DELETE", "requests");
    await control("POST", "faults", { match: "GET /v1.0/groups", kind: "429", retry_after: 1,
        count: 2 });
    const start = Date.now();
    const answer = await graph.api("/groups").top(1).get();
    const waited = Date.now() - start;
    const log = (await control("GET", "requests")).requests.map((one) => one.status).join();
    check("the client gets over two 429", answer.value.length === 1 && log === "429,429,200", log);
    check("... after the time it was told to wait", waited >= 2000 && waited < 15000, waited);
}

for (const part of [signIn, pages, batch, delta, throttled]) {
    try {
        await part();
    } catch (error) {
        check(`${part.name} ends`, false, error.stack);
    }
}
