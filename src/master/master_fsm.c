/*
 * The table. Rows are states, columns events; the state changes before the action runs.
 */
#include "master/master_fsm.h"

#include "base/rs_base.h"

#define CELL(event, action, state) [RS_EV_##event] = { RS_ACT_##action, RS_FSM_##state }

static const struct rs_fsm_cell table[RS_FSM_STATES][RS_FSM_EVENTS] = {
	[RS_FSM_BOOT] = {
		CELL(RELOAD,      REMEMBER, BOOT),
		CELL(REOPEN,      REOPEN,   BOOT),
		CELL(STOP,        DRAIN,    DRAIN),
		CELL(RESTART,     RESTART,  DRAIN),
		CELL(NEXT_READY,  COMMIT,   RUN),
		CELL(NEXT_FAILED, FAIL,     DRAIN),
		CELL(LOST,        BUG,      BOOT),
		CELL(DEADLINE,    BUG,      BOOT),
		CELL(ALL_GONE,    BUG,      BOOT),
	},
	[RS_FSM_RUN] = {
		CELL(RELOAD,      ROLL,     ROLL),
		CELL(REOPEN,      REOPEN,   RUN),
		CELL(STOP,        DRAIN,    DRAIN),
		CELL(RESTART,     RESTART,  DRAIN),
		CELL(NEXT_READY,  BUG,      RUN),
		CELL(NEXT_FAILED, BUG,      RUN),
		CELL(LOST,        RECOVER,  ROLL),
		CELL(DEADLINE,    BUG,      RUN),
		CELL(ALL_GONE,    BUG,      RUN),
	},
	[RS_FSM_ROLL] = {
		CELL(RELOAD,      REMEMBER, ROLL),
		CELL(REOPEN,      REOPEN,   ROLL),
		CELL(STOP,        DRAIN,    DRAIN),
		CELL(RESTART,     RESTART,  DRAIN),
		CELL(NEXT_READY,  COMMIT,   RUN),
		CELL(NEXT_FAILED, ABANDON,  RUN),
		CELL(LOST,        IGNORE,   ROLL), /* a new generation is on its way already */
		CELL(DEADLINE,    BUG,      ROLL),
		CELL(ALL_GONE,    BUG,      ROLL),
	},
	[RS_FSM_DRAIN] = {
		CELL(RELOAD,      IGNORE,   DRAIN),
		CELL(REOPEN,      REOPEN,   DRAIN),
		CELL(STOP,        KILL,     STOP),
		CELL(RESTART,     IGNORE,   DRAIN),
		CELL(NEXT_READY,  IGNORE,   DRAIN),
		CELL(NEXT_FAILED, IGNORE,   DRAIN),
		CELL(LOST,        IGNORE,   DRAIN),
		CELL(DEADLINE,    TERM,     STOP),
		CELL(ALL_GONE,    EXIT,     DRAIN),
	},
	[RS_FSM_STOP] = {
		CELL(RELOAD,      IGNORE,   STOP),
		CELL(REOPEN,      IGNORE,   STOP),
		CELL(STOP,        KILL,     STOP),
		CELL(RESTART,     IGNORE,   STOP),
		CELL(NEXT_READY,  IGNORE,   STOP),
		CELL(NEXT_FAILED, IGNORE,   STOP),
		CELL(LOST,        IGNORE,   STOP),
		CELL(DEADLINE,    KILL,     STOP),
		CELL(ALL_GONE,    EXIT,     STOP),
	},
};

struct rs_fsm_cell rs_fsm_next(enum rs_fsm_state state, enum rs_fsm_event event)
{
	RS_ASSERT((unsigned)state < RS_FSM_STATES && (unsigned)event < RS_FSM_EVENTS);
	return table[state][event];
}

const char *rs_fsm_state_name(enum rs_fsm_state state)
{
	static const char *const names[RS_FSM_STATES] = { "boot", "run", "roll", "drain", "stop" };

	return (unsigned)state < RS_FSM_STATES ? names[state] : "?";
}

const char *rs_fsm_event_name(enum rs_fsm_event event)
{
	static const char *const names[RS_FSM_EVENTS] = { "reload",	 "reopen", "stop",     "restart", "next-ready",
							  "next-failed", "lost",   "deadline", "all-gone" };

	return (unsigned)event < RS_FSM_EVENTS ? names[event] : "?";
}
