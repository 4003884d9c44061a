/*
 * What the control socket answers: every request carried out, and the answers that come later (STATUS, the end of a
 * reload).
 */
#include "master/master_ctl_client.h"

#include "master/master_hosted.h"
#include "master/master_status.h"

#include <event2/event.h>
#include <unistd.h>

/* Who does not answer us in this time is left out of our answer. */
#define ANSWER_MS 2000

void rs_ctl_refuse(struct rs_ctl_client *c, const char *text)
{
	(void)rs_buf_printf(&c->out, "error %s\n", text);
	rs_ctl_finish(c);
}

static void accept_request(struct rs_ctl_client *c, const char *payload)
{
	(void)rs_buf_printf(&c->out, "ok\n%s", payload);
	rs_ctl_finish(c);
}

void rs_ctl_answer_status(struct rs_ctl_client *c, struct rs_slice payload)
{
	struct rs_status s;
	bool ok;

	rs_status_init(&s, c->at->m, payload);
	ok = rs_buf_printf(&c->out, "ok\n") &&
	     (c->request.json ? rs_status_json(&s, &c->out) : rs_status_text(&s, &c->out));
	if (!ok)
		rs_buf_reset(&c->out, 0);
	rs_ctl_finish(c);
}

static void ask_status(struct rs_ctl_client *c)
{
	struct rs_master *m = c->at->m;

	c->token = ++m->ctl->last_token;
	c->state = RS_CTL_WAITING_STATUS;
	rs_master_after_ms(c->timer, ANSWER_MS);
	if (m->reactor.pid)
		rs_mreactor_send(m, RS_MSG_STATUS_ASK, rs_slice(&c->token, sizeof c->token), NULL, 0);
	else
		rs_ctl_answer_status(c, RS_SLICE(""));
}

void rs_ctl_status_came(struct rs_master *m, struct rs_slice payload)
{
	struct rs_ctl_client *c, *next;
	uint64_t token;

	if (!m->ctl || payload.n < sizeof token)
		return;
	memcpy(&token, payload.p, sizeof token);
	for (c = LIST_FIRST(&m->ctl->clients); c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->state == RS_CTL_WAITING_STATUS && c->token == token)
			rs_ctl_answer_status(c, rs_slice(payload.p + sizeof token, payload.n - sizeof token));
	}
}

static void do_reload(struct rs_ctl_client *c)
{
	struct rs_master *m = c->at->m;

	if (m->state == RS_FSM_DRAIN || m->state == RS_FSM_STOP) {
		rs_ctl_refuse(c, "the server is stopping");
		return;
	}
	if (!c->request.wait) {
		accept_request(c, "");
	} else {
		c->state = RS_CTL_WAITING_RELOAD;
		c->skip = m->state == RS_FSM_ROLL && !(m->next && m->next->recovery);
		event_del(c->timer);
	}
	rs_master_event(m, RS_EV_RELOAD);
}

void rs_ctl_reload_done(struct rs_master *m, bool ok, const char *text, bool all)
{
	struct rs_ctl_client *c, *next;

	for (c = m->ctl ? LIST_FIRST(&m->ctl->clients) : NULL; c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->state != RS_CTL_WAITING_RELOAD)
			continue;
		if (c->skip && !all) {
			c->skip = false;
			continue;
		}
		if (!ok) {
			rs_ctl_refuse(c, text);
			continue;
		}
		(void)rs_buf_printf(&c->out, "ok\ngeneration %u serves\n", m->last_reload.generation);
		rs_ctl_finish(c);
	}
}

static void do_stop(struct rs_ctl_client *c)
{
	struct rs_master *m = c->at->m;
	char payload[64];

	rs_notice(m->log, "asked to stop by control socket");
	rs_fmt(payload, sizeof payload, "pid %d\nmax_wait_ms %lld\n", (int)getpid(), (long long)rs_hosted_stop_ms(m));
	accept_request(c, payload);
	/* Asked twice is no second thought: the command line sends a signal for that. */
	if (m->state != RS_FSM_DRAIN && m->state != RS_FSM_STOP)
		rs_master_event(m, RS_EV_STOP);
}

static void do_restart(struct rs_ctl_client *c)
{
	struct rs_master *m = c->at->m;
	char payload[64];

	if (m->state != RS_FSM_RUN) {
		rs_ctl_refuse(c, m->state == RS_FSM_ROLL ? "a reload is running; try again when it is over" :
			  m->state == RS_FSM_BOOT ? "the server is starting" : "the server is stopping");
		return;
	}
	if (access(m->start->exe, X_OK) < 0) {
		rs_ctl_refuse(c, "the program file of the server is missing");
		return;
	}
	rs_notice(m->log, "asked to restart by control socket");
	(void)rs_copy(m->restart_environment, sizeof m->restart_environment, rs_slice_str(c->request.environment));
	(void)rs_copy(m->restart_x_version, sizeof m->restart_x_version, rs_slice_str(c->request.x_version));
	rs_fmt(payload, sizeof payload, "started_us %lld\nmax_wait_ms %lld\n", (long long)m->started_us,
	       (long long)rs_hosted_stop_ms(m));
	accept_request(c, payload);
	rs_master_event(m, RS_EV_RESTART);
}

void rs_ctl_answer_info(struct rs_ctl_client *c)
{
	if (!rs_buf_printf(&c->out, "ok\n") || !rs_status_info(c->at->m, &c->out))
		rs_buf_reset(&c->out, 0);
	rs_ctl_finish(c);
}

/* OPcache's numbers change: asked anew each time. */
static void ask_facts(struct rs_ctl_client *c)
{
	struct rs_gen *g = c->at->m->current;

	if (!g || !g->pid) {
		rs_ctl_answer_info(c);
		return;
	}
	c->state = RS_CTL_WAITING_FACTS;
	rs_master_after_ms(c->timer, ANSWER_MS);
	rs_peer_send(&g->peer, RS_MSG_FACTS_ASK, RS_SLICE(""), NULL, 0);
}

void rs_ctl_facts_came(struct rs_master *m)
{
	struct rs_ctl_client *c, *next;

	for (c = m->ctl ? LIST_FIRST(&m->ctl->clients) : NULL; c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->state == RS_CTL_WAITING_FACTS)
			rs_ctl_answer_info(c);
	}
}

static void tell_app_conf(struct rs_ctl_client *c)
{
	const struct rs_gen *g = c->at->m->current;

	if (!rs_buf_printf(&c->out, "ok\n") || (g && !rs_buf_put(&c->out, rs_buf_data(&g->app_conf), g->app_conf.len)))
		rs_buf_reset(&c->out, 0);
	rs_ctl_finish(c);
}

void rs_ctl_execute(struct rs_ctl_client *c)
{
	switch (c->request.verb) {
	case RS_CTL_STATUS:
		ask_status(c);
		break;
	case RS_CTL_INFO:
		ask_facts(c);
		break;
	case RS_CTL_APP_CONF:
		tell_app_conf(c);
		break;
	case RS_CTL_RELOAD:
		do_reload(c);
		break;
	case RS_CTL_STOP:
		do_stop(c);
		break;
	case RS_CTL_RESTART:
		do_restart(c);
		break;
	}
}
