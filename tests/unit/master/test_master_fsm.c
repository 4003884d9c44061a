/* The state machine: every cell is written, and the promises of the table hold. */
#include "master/master_fsm.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void every_cell_is_written(void **state)
{
	(void)state;
	for (int s = 0; s < RS_FSM_STATES; s++) {
		for (int e = 0; e < RS_FSM_EVENTS; e++) {
			struct rs_fsm_cell c = rs_fsm_next((enum rs_fsm_state)s, (enum rs_fsm_event)e);
			assert_int_not_equal(c.action, RS_ACT_UNDEFINED);
			assert_in_range(c.action, RS_ACT_IGNORE, RS_FSM_ACTIONS - 1);
			assert_in_range(c.next, 0, RS_FSM_STATES - 1);
		}
	}
}

static void names_are_complete(void **state)
{
	(void)state;
	for (int s = 0; s < RS_FSM_STATES; s++)
		assert_non_null(rs_fsm_state_name((enum rs_fsm_state)s));
	for (int e = 0; e < RS_FSM_EVENTS; e++)
		assert_non_null(rs_fsm_event_name((enum rs_fsm_event)e));
	assert_string_equal(rs_fsm_state_name(RS_FSM_STATES), "?");
}

/* What does nothing also changes nothing. */
static void ignored_events_do_not_move(void **state)
{
	(void)state;
	for (int s = 0; s < RS_FSM_STATES; s++) {
		for (int e = 0; e < RS_FSM_EVENTS; e++) {
			struct rs_fsm_cell c = rs_fsm_next((enum rs_fsm_state)s, (enum rs_fsm_event)e);
			if (c.action == RS_ACT_IGNORE || c.action == RS_ACT_BUG || c.action == RS_ACT_REMEMBER ||
			    c.action == RS_ACT_REOPEN)
				assert_int_equal(c.next, s);
		}
	}
}

/* Nothing leads back from an end that has begun, and every state can end. */
static void the_end_is_final(void **state)
{
	(void)state;
	for (int e = 0; e < RS_FSM_EVENTS; e++) {
		assert_in_range(rs_fsm_next(RS_FSM_DRAIN, (enum rs_fsm_event)e).next, RS_FSM_DRAIN, RS_FSM_STOP);
		assert_int_equal(rs_fsm_next(RS_FSM_STOP, (enum rs_fsm_event)e).next, RS_FSM_STOP);
	}
	for (int s = 0; s < RS_FSM_STATES; s++)
		assert_true(rs_fsm_next((enum rs_fsm_state)s, RS_EV_STOP).next >= RS_FSM_DRAIN);
	assert_int_equal(rs_fsm_next(RS_FSM_DRAIN, RS_EV_ALL_GONE).action, RS_ACT_EXIT);
	assert_int_equal(rs_fsm_next(RS_FSM_STOP, RS_EV_ALL_GONE).action, RS_ACT_EXIT);
	assert_int_equal(rs_fsm_next(RS_FSM_DRAIN, RS_EV_DEADLINE).action, RS_ACT_TERM);
	assert_int_equal(rs_fsm_next(RS_FSM_STOP, RS_EV_DEADLINE).action, RS_ACT_KILL);
	assert_int_equal(rs_fsm_next(RS_FSM_DRAIN, RS_EV_STOP).action, RS_ACT_KILL);
}

/* A failed reload goes back to where it came from; a failed start ends. */
static void failures(void **state)
{
	(void)state;
	assert_int_equal(rs_fsm_next(RS_FSM_ROLL, RS_EV_NEXT_FAILED).next, RS_FSM_RUN);
	assert_int_equal(rs_fsm_next(RS_FSM_ROLL, RS_EV_NEXT_FAILED).action, RS_ACT_ABANDON);
	assert_int_equal(rs_fsm_next(RS_FSM_BOOT, RS_EV_NEXT_FAILED).action, RS_ACT_FAIL);
	assert_int_equal(rs_fsm_next(RS_FSM_RUN, RS_EV_LOST).action, RS_ACT_RECOVER);
	assert_int_equal(rs_fsm_next(RS_FSM_ROLL, RS_EV_LOST).action, RS_ACT_IGNORE);
	/* A reload is never lost, never doubled. */
	assert_int_equal(rs_fsm_next(RS_FSM_BOOT, RS_EV_RELOAD).action, RS_ACT_REMEMBER);
	assert_int_equal(rs_fsm_next(RS_FSM_ROLL, RS_EV_RELOAD).action, RS_ACT_REMEMBER);
	assert_int_equal(rs_fsm_next(RS_FSM_RUN, RS_EV_RELOAD).action, RS_ACT_ROLL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_written), cmocka_unit_test(names_are_complete),
		cmocka_unit_test(ignored_events_do_not_move), cmocka_unit_test(the_end_is_final),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
