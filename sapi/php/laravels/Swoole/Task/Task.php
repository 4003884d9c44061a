<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Task;

use Illuminate\Queue\SerializesModels;

/** Optional: finish(), called in the worker that delivered the task, on the object as handle() left it. */
abstract class Task extends BaseTask
{
    use SerializesModels;

    /** Runs in a task worker. */
    abstract public function handle();

    /**
     * @param bool $bySendMessage of LaravelS 3.5; tasks can be delivered from everywhere
     *
     * @return bool false: the server has no task workers
     */
    public static function deliver(self $task, $bySendMessage = false)
    {
        return self::give($task);
    }
}
