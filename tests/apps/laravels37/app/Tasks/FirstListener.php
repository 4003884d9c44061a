<?php

declare(strict_types=1);

namespace App\Tasks;

use App\Testing\Code;
use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Task\Event;
use Hhxsv5\LaravelS\Swoole\Task\Listener;

class FirstListener extends Listener
{
    private int $heard = 0;

    public function handle(Event $event)
    {
        $name = class_basename(static::class);
        Report::add('listen', ['tag' => $event->tag, 'by' => $name, 'heard' => ++$this->heard] + Report::where());

        return Code::run($event->code[$name] ?? '', ['event' => $event]);
    }
}
