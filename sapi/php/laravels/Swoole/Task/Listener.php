<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Task;

/** Made anew for every event, without arguments. */
abstract class Listener
{
    /** @return mixed false: the event's other listeners do not run */
    abstract public function handle(Event $event);
}
