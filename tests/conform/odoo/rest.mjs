// What the hub's REST API says of records: the programs beside this one compare with it what their clients say.
export class Rest {
    /** A session of `/api`; the demo's password is the login. */
    static async of(address, login = "admin") {
        const body = JSON.stringify({ params: { login, password: login } });
        const answer = await fetch(`${address}/auth`, { method: "POST", headers: { "content-type": "application/json" }, body });
        return Object.assign(new Rest(), { address, session: (await answer.json()).result.session_id });
    }

    /** All records of a model that a filter finds. */
    async list(model, filter, query = "{*}") {
        const parameters = new URLSearchParams({ filter: JSON.stringify(filter), query });
        const answer = await fetch(`${this.address}/api/${model}/?${parameters}`, { headers: { "x-openerp-session-id": this.session } });
        return (await answer.json()).result;
    }
}
