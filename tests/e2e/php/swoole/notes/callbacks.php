<?php
/* Notes: the four ways to name a callback. */
class Callbacks
{
    public static function ofTheClass()
    {
        echo "static method\n";
    }

    public function ofTheObject()
    {
        echo "method\n";
    }
}

function by_name()
{
    echo "function\n";
}

swoole_timer_after(1, function () {
    echo "closure\n";
});
swoole_timer_after(20, 'Callbacks::ofTheClass');
swoole_timer_after(40, ['Callbacks', 'ofTheClass']);
swoole_timer_after(60, 'by_name');
swoole_timer_after(80, [new Callbacks(), 'ofTheObject']);
