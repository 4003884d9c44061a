<?php

declare(strict_types=1);

namespace App\Processes;

class ThrowingProcess extends Base
{
    use Throws;
}
