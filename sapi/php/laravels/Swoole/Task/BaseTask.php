<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Task;

use InvalidArgumentException;

use function Rserverd\deliver;
use function Rserverd\where;

/** What a task worker does: a task, or an event for its listeners. */
abstract class BaseTask
{
    /** @var int seconds before it is given to a task worker */
    protected $delay = 0;

    /** @var int how often handle() is called, until it does not throw */
    protected $tries = 1;

    /** @return $this */
    public function delay($delay)
    {
        if ($delay < 0) {
            throw new InvalidArgumentException('The delay must be greater than or equal to 0');
        }
        $this->delay = (int) $delay;

        return $this;
    }

    public function getDelay()
    {
        return $this->delay;
    }

    /** @return $this */
    public function setTries($tries)
    {
        if ($tries < 1) {
            throw new InvalidArgumentException('The number of attempts must be greater than or equal to 1');
        }
        $this->tries = (int) $tries;

        return $this;
    }

    public function getTries()
    {
        return $this->tries;
    }

    /** Serialized now; the delay is the server's, and goes on over reloads. */
    protected static function give(self $task): bool
    {
        if (in_array(where(), ['none', 'outside'], true)) {
            app('swoole'); // another PHP process: connects, or says why it cannot; php-fpm's does so once, but its object goes
        }

        return deliver($task, (float) $task->delay);
    }
}
