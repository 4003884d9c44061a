<?php

declare(strict_types=1);

namespace App\Processes;

/** There are several of it. */
class CopiedProcess extends Base
{
    use RunsNothing;
}
