/*
 * What the methods of a server send: to connections, to other processes, to the master. What the board tells about a
 * connection is looked at first, so that the caller hears what is wrong; the reactor decides anew.
 */
#include "worker/server_private.h"

bool rs_server_here(void)
{
	/* A hosted application's manager describes its server long before that runs. */
	return rs_server_self() && rs_server_self()->board.head;
}

enum rs_server_role rs_server_role(void)
{
	return rs_server_self()->role;
}

uint32_t rs_server_id(void)
{
	return rs_server_self()->id;
}

const struct rs_board *rs_server_board(void)
{
	return &rs_server_self()->board;
}

const struct rs_server_setup *rs_server_setup(void)
{
	return &rs_server_self()->setup;
}

/* ---- connections ----------------------------------------------------------------------------------------------- */

static enum rs_server_result find(const struct rs_server *s, uint32_t fd, struct rs_session *out)
{
	if (!s || !s->board.head)
		return RS_SERVER_LOST;
	if (!rs_board_get(&s->board, fd, out))
		return fd == 0 || fd > atomic_load(&s->board.head->high_water) ? RS_SERVER_NOT_EXIST : RS_SERVER_CLOSED;
	return out->state == RS_SESSION_CLOSING ? RS_SERVER_CLOSING : RS_SERVER_OK;
}

static const struct rs_port *port_of(const struct rs_server *s, const struct rs_session *c)
{
	return c->port < s->setup.server.nports ? &s->setup.ports[c->port] : NULL;
}

/* Is there room for n more bytes, by the settings of its port? */
static enum rs_server_result check_room(const struct rs_server *s, const struct rs_session *c, size_t n)
{
	const struct rs_port *p = port_of(s, c);

	if (n > RS_SEND_MAX - 256 || (p && p->output_buffer_size && n > p->output_buffer_size))
		return RS_SERVER_TOO_LARGE;
	return p && p->socket_buffer_size && c->send_queued >= p->socket_buffer_size ? RS_SERVER_FULL : RS_SERVER_OK;
}

/* Each file that waits keeps a descriptor of the reactor open. */
static enum rs_server_result check_files(const struct rs_server *s, const struct rs_session *c)
{
	const struct rs_board_head *h = s->board.head;

	if (atomic_load(&h->files) >= atomic_load(&h->files_max))
		return RS_SERVER_FILES;
	return c->send_files >= RS_SEND_FILES_MAX ? RS_SERVER_FULL : check_room(s, c, 0);
}

static enum rs_server_result put(struct rs_server *s, const struct rs_wire_send *h, struct rs_slice bytes, int file_fd)
{
	enum rs_server_result r = rs_server_put(s, RS_MSG_SEND, 0, 0, rs_slice(h, sizeof *h), bytes, file_fd);

	if (r == RS_SERVER_OK)
		atomic_fetch_add(&s->cell->responses, 1);
	return r;
}

enum rs_server_result rs_server_send(uint32_t fd, struct rs_slice bytes)
{
	const struct rs_wire_send h = { .fd = fd, .kind = RS_SEND_BYTES };
	struct rs_server *s = rs_server_self();
	struct rs_session c;
	enum rs_server_result r = find(s, fd, &c);

	if (r == RS_SERVER_OK)
		r = check_room(s, &c, bytes.n);
	return r == RS_SERVER_OK ? put(s, &h, bytes, -1) : r;
}

enum rs_server_result rs_server_push(uint32_t fd, unsigned opcode, unsigned flags, struct rs_slice payload)
{
	const struct rs_wire_send h = { .fd = fd, .kind = RS_SEND_WEBSOCKET, .opcode = (uint8_t)opcode, .flags = (uint8_t)flags };
	struct rs_server *s = rs_server_self();
	struct rs_session c;
	enum rs_server_result r = find(s, fd, &c);

	/* During a handshake the board may be behind: the reactor reads our 101 before this frame. */
	if (r == RS_SERVER_OK && (c.websocket == 0 || c.websocket == 4) && fd != s->established)
		r = RS_SERVER_NOT_WEBSOCKET;
	if (r == RS_SERVER_OK)
		r = check_room(s, &c, payload.n);
	return r == RS_SERVER_OK ? put(s, &h, payload, -1) : r;
}

enum rs_server_result rs_server_sendfile(uint32_t fd, int file_fd, uint64_t offset, uint64_t length)
{
	const struct rs_wire_send h = { .fd = fd, .kind = RS_SEND_FILE, .offset = offset, .length = length };
	struct rs_server *s = rs_server_self();
	struct rs_session c;
	enum rs_server_result r = find(s, fd, &c);

	if (r == RS_SERVER_OK)
		r = check_files(s, &c);
	return r == RS_SERVER_OK ? put(s, &h, RS_SLICE(""), file_fd) : r;
}

enum rs_server_result rs_server_order(uint32_t fd, enum rs_order what, int64_t arg, struct rs_slice bytes)
{
	const struct rs_wire_order h = { .fd = fd, .what = (uint32_t)what, .arg = arg };
	struct rs_server *s = rs_server_self();
	struct rs_session c;
	enum rs_server_result r = find(s, fd, &c);

	if (r == RS_SERVER_CLOSING && what == RS_ORDER_RESET)
		r = RS_SERVER_OK; /* it may be made quicker */
	if (bytes.n > 256 - sizeof h)
		bytes.n = 256 - sizeof h;
	return r == RS_SERVER_OK ? rs_server_put(s, RS_MSG_ORDER, 0, 0, rs_slice(&h, sizeof h), bytes, -1) : r;
}

enum rs_server_result rs_server_datagram(uint32_t port, const struct rs_wire_peer *to, struct rs_slice bytes)
{
	const struct rs_wire_datagram h = { .port = port, .to = *to };
	struct rs_server *s = rs_server_self();

	if (!s)
		return RS_SERVER_LOST;
	if (bytes.n > RS_DATAGRAM_MAX - sizeof h)
		return RS_SERVER_TOO_LARGE;
	return rs_server_put(s, RS_MSG_DATAGRAM, 0, 0, rs_slice(&h, sizeof h), bytes, -1);
}

/* Is that a worker or a task worker? A reload may change how many there are: the reactor knows better. */
static bool has_process(const struct rs_wire_server *w, uint32_t id)
{
	if (!w->hosted)
		return id < w->nworkers + w->ntasks;
	return id < RS_HOSTED_TASKS ? id < w->nworkers : id < RS_HOSTED_TASKS + w->ntasks;
}

/* ---- processes --------------------------------------------------------------------------------------------------- */

enum rs_server_result rs_server_message(uint32_t dst, uint32_t flags, struct rs_slice bytes)
{
	const struct rs_wire_message h = { .dst = dst, .flags = flags };
	struct rs_server *s = rs_server_self();

	if (!s)
		return RS_SERVER_LOST;
	if (!has_process(&s->setup.server, dst))
		return RS_SERVER_NOT_EXIST;
	if (bytes.n > RS_SEND_MAX - sizeof h)
		return RS_SERVER_TOO_LARGE;
	return rs_server_put(s, RS_MSG_MESSAGE, 0, 0, rs_slice(&h, sizeof h), bytes, -1);
}

enum rs_server_result rs_server_ask(enum rs_ask what, uint32_t id)
{
	const struct rs_wire_ask h = { .what = (uint32_t)what, .id = id };
	struct rs_server *s = rs_server_self();

	if (!s)
		return RS_SERVER_LOST;
	/* The script process has the master's ear. */
	if (s->role == RS_ROLE_SCRIPT && !s->p->forked_away)
		return rs_ipc_put(&s->p->control, RS_MSG_SCRIPT_ASKS, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""), NULL, 0) == RS_OK &&
				       rs_ipc_flush(&s->p->control) == RS_OK
			       ? RS_SERVER_OK
			       : RS_SERVER_LOST;
	return rs_server_put(s, RS_MSG_ASK, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""), -1);
}
