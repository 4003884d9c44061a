<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Task;

use Illuminate\Queue\SerializesModels;

/** An event whose listeners run in a task worker: those it names, then those of `events` in config/laravels.php. */
abstract class Event extends BaseTask
{
    use SerializesModels;

    /** @var list<class-string<Listener>> */
    protected $listeners = [];

    public function getListeners()
    {
        return $this->listeners;
    }

    /** @return bool false: the server has no task workers */
    public static function fire(self $event)
    {
        return self::give($event);
    }
}
