import { Injectable } from '@nestjs/common';

/** Stands for a database that only the workers reach. */
@Injectable()
export class Reports {
  async of(month: string): Promise<{ orders: number; csv: string }> {
    return { orders: month.length * 7, csv: `month,orders\n${month},${month.length * 7}\n` };
  }
}
