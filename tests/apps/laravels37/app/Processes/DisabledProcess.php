<?php

declare(strict_types=1);

namespace App\Processes;

class DisabledProcess extends Base
{
    use Returns;
}
