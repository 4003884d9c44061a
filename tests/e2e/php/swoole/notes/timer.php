<?php
/* Notes, [Timer]: tick goes on until swoole_timer_clear, after comes once. The script ends when no timer is left. */
$beats = 0;
swoole_timer_tick(10,function($timer_id, $word) use (&$beats){
    echo "tick $word\n";
    if (++$beats === 3) {
        swoole_timer_clear($timer_id);
    }
},'参数');
swoole_timer_after(100,function(){
    echo "after\n";
});
echo "both are set\n";
