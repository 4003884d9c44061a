<?php

declare(strict_types=1);

namespace App\Processes;

class BlockingProcess extends Base
{
    use Blocks;
}
