<?php

declare(strict_types=1);

namespace App\Tasks;

use App\Testing\Code;
use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Task\Task;

/** Runs code, in handle() and in finish(), and reports both. The code sees $this. */
class CodeTask extends Task
{
    public int $attempt = 0;
    public mixed $result = null;

    public function __construct(public string $tag, private string $handle = '', private string $finish = '')
    {
    }

    public function handle()
    {
        $this->attempt++;
        Report::add('handle', ['tag' => $this->tag, 'attempt' => $this->attempt] + Report::where());
        $this->result = Code::run($this->handle, [], $this);
        Report::add('handled', ['tag' => $this->tag, 'result' => $this->result]);
    }

    public function finish()
    {
        Report::add('finish', ['tag' => $this->tag, 'result' => $this->result] + Report::where());
        Code::run($this->finish, [], $this);
        Report::add('finished', ['tag' => $this->tag]);
    }
}
