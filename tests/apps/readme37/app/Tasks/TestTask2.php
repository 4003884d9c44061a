<?php

namespace App\Tasks;

use Hhxsv5\LaravelS\Swoole\Task\Task;

/** The other task that TestTask delivers; the README does not show it. */
class TestTask2 extends Task
{
    private $data;

    public function __construct($data)
    {
        $this->data = $data;
    }

    public function handle()
    {
        \Log::info(__CLASS__ . ':handle start', [$this->data]);
    }
}
