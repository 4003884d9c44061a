<?php

declare(strict_types=1);

namespace App\Tasks;

use App\Models\Note;
use App\Testing\Report;
use Hhxsv5\LaravelS\Swoole\Task\Task;

/** Carries a model, which travels as its identifier. */
class NoteTask extends Task
{
    public function __construct(private string $tag, private Note $note)
    {
    }

    public function handle()
    {
        Report::add('note', ['tag' => $this->tag, 'text' => $this->note->text]);
    }
}
