<?php

declare(strict_types=1);

namespace App\Tasks;

use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Task\Task;

/** Has no finish(). */
class PlainTask extends Task
{
    public function __construct(private string $tag, private mixed $data = null)
    {
    }

    public function handle()
    {
        Report::add('plain', ['tag' => $this->tag, 'md5' => is_string($this->data) ? md5($this->data) : null] + Report::where());
    }
}
