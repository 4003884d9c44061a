<?php

declare(strict_types=1);

namespace App\Tasks;

use Hhxsv5\LaravelS\Swoole\Task\Event;

/** Has code for each of its listeners, by their names. */
class CodeEvent extends Event
{
    protected $listeners = [
        FirstListener::class,
        SecondListener::class,
    ];

    /** @param array<string, string> $code */
    public function __construct(public string $tag, public array $code = [])
    {
    }
}
