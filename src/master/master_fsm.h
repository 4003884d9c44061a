/*
 * The master's state machine as a table: what an event means in a state. Pure; master.c carries it out.
 */
#ifndef RS_MASTER_FSM_H
#define RS_MASTER_FSM_H

enum rs_fsm_state {
	RS_FSM_BOOT,  /* the first generation boots; nothing is served */
	RS_FSM_RUN,   /* one generation serves */
	RS_FSM_ROLL,  /* one serves (or has lost its manager), the next one boots */
	RS_FSM_DRAIN, /* running requests may finish, then everything ends */
	RS_FSM_STOP,  /* everything ends now */
	RS_FSM_STATES
};

enum rs_fsm_event {
	RS_EV_RELOAD,      /* asked by signal, control socket or user code */
	RS_EV_REOPEN,      /* reopen the logs */
	RS_EV_STOP,        /* TERM, INT, QUIT, control socket */
	RS_EV_RESTART,     /* stop, then exec */
	RS_EV_NEXT_READY,  /* every worker of the booting generation is ready */
	RS_EV_NEXT_FAILED, /* it will not come up */
	RS_EV_LOST,        /* the serving generation has no manager: it cannot replace a worker */
	RS_EV_DEADLINE,    /* the time of DRAIN or STOP is over */
	RS_EV_ALL_GONE,    /* no child process is left */
	RS_FSM_EVENTS
};

enum rs_fsm_action {
	RS_ACT_UNDEFINED,  /* a cell nobody wrote; the unit test finds it */
	RS_ACT_IGNORE,
	RS_ACT_BUG,        /* cannot happen: alert, then ignore */
	RS_ACT_ROLL,       /* read the configuration, boot the next generation */
	RS_ACT_REMEMBER,   /* reload again when this one is over */
	RS_ACT_RECOVER,    /* boot the next generation with the configuration in force */
	RS_ACT_COMMIT,     /* route to the next generation, let the old one go */
	RS_ACT_ABANDON,    /* end the next generation, go on with the old one */
	RS_ACT_FAIL,       /* the start has failed: end */
	RS_ACT_REOPEN,
	RS_ACT_DRAIN,
	RS_ACT_RESTART,    /* DRAIN, and exec at its end */
	RS_ACT_TERM,       /* TERM to what is left, with a short deadline */
	RS_ACT_KILL,       /* KILL to what is left */
	RS_ACT_EXIT,
	RS_FSM_ACTIONS
};

struct rs_fsm_cell {
	enum rs_fsm_action action;
	enum rs_fsm_state next;
};

/* Never RS_ACT_UNDEFINED. */
struct rs_fsm_cell rs_fsm_next(enum rs_fsm_state state, enum rs_fsm_event event);

const char *rs_fsm_state_name(enum rs_fsm_state state);
const char *rs_fsm_event_name(enum rs_fsm_event event);

#endif
