<?php

declare(strict_types=1);

namespace App\Processes;

class PipeProcess extends Base
{
    use AnswersPipe;

    protected const WAITS = true;
}
